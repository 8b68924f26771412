"""Pushing from a repository that a power loss damaged: what git can read arrives, and the rest is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.pushing.test_faults import push
from tests.support.damage import DAMAGES, damage, object_file, unpack
from tests.support.faulty import KEY, FaultyServer
from tests.support.repositories import git, linear_repository
from tgl_client import errors
from tgl_client.client import Client
from tgl_client.pushing.options import PushOptions
from tgl_client.report import PushState
from tgl_history.statistics import git_engine
from tgl_protocol.http import COMMIT_STREAM

STREAMED = PushOptions(stream_from=10)
BOTH_WAYS = pytest.mark.parametrize("features", [[], [COMMIT_STREAM]], ids=["batches", "stream"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = linear_repository(tmp_path / "damaged", commits=100)
    unpack(made)
    return made


@contextmanager
def a_git_that(does: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A git on the PATH that knows its version, and else does what it is told."""
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo git version 2.39.0 || {does}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    git_engine.usable_git.cache_clear()
    try:
        yield
    finally:
        git_engine.usable_git.cache_clear()


@BOTH_WAYS
async def test_a_commit_that_cannot_be_counted_is_named_and_the_others_are_stored(
    faulty: FaultyServer, path: Path, features: list[str]
) -> None:
    faulty.features = features
    object_file(path, "main~50^{tree}").unlink()
    touched = [git(path, "rev-parse", f"main~{number}").decode() for number in (50, 49)]
    report = await push(faulty, path, options=STREAMED)
    assert (report.state, report.exit_code) == (PushState.INCOMPLETE, 1)
    assert (report.walked, report.sent, report.damaged, report.refused, report.not_sent) == (100, 98, 2, 0, 0)
    assert [each.sha for each in report.damaged_commits] == touched
    assert (len(faulty.stored), faulty.refs) == (98, {})


@BOTH_WAYS
async def test_a_damaged_commit_is_named_and_its_descendants_are_stored(
    faulty: FaultyServer, path: Path, features: list[str]
) -> None:
    faulty.features = features
    lost = git(path, "rev-parse", "main~50").decode()
    damage(object_file(path, "main~50"), DAMAGES["cut before the end"])
    report = await push(faulty, path, options=STREAMED)
    # Below the first of them nobody knows the way, and its child cannot be compared with it.
    assert (report.state, report.walked, report.sent, report.damaged) == (PushState.INCOMPLETE, 51, 49, 2)
    assert lost in [each.sha for each in report.damaged_commits]
    assert faulty.refs == {}


async def test_the_next_push_after_a_repair_sends_the_rest(faulty: FaultyServer, path: Path) -> None:
    file = object_file(path, "main~50^{tree}")
    content = file.read_bytes()
    file.unlink()
    await push(faulty, path)
    file.write_bytes(content)
    report = await push(faulty, path)
    assert (report.state, report.already_there, report.sent) == (PushState.PUSHED, 98, 2)
    assert faulty.refs == {"refs/heads/main": git(path, "rev-parse", "main").decode()}


@pytest.mark.parametrize("content", [b"", b"1" * 40 + b"\n", bytes(41)])
async def test_a_broken_branch_is_an_error_and_the_others_are_pushed(
    faulty: FaultyServer, path: Path, content: bytes
) -> None:
    (path / ".git" / "refs" / "heads" / "broken").write_bytes(content)
    with pytest.raises(errors.IncompletePushError, match="refs/heads/broken") as caught:
        await push(faulty, path)
    assert caught.value.report is not None
    assert (caught.value.report.exit_code, caught.value.report.sent) == (1, 100)
    assert set(faulty.refs) == {"refs/heads/main"}


async def test_an_error_in_reading_a_stream_is_told_as_one(
    faulty: FaultyServer, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty.features = [COMMIT_STREAM]
    failing = a_git_that("exit 3", tmp_path, monkeypatch)
    with failing, pytest.raises(errors.LocalRepositoryError, match="counting lines does not work"):
        await push(faulty, path, options=STREAMED)
    assert faulty.requests.count("POST stream") == 1


async def test_a_counting_process_that_hangs_is_ended_by_the_time_limit(
    faulty: FaultyServer, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_git_that("exec sleep 300", tmp_path, monkeypatch):
        async with Client(faulty.url, KEY) as client:
            with pytest.raises(errors.TimeLimitError):
                await client.push(path, project="team", repo="app", timeout=1)
