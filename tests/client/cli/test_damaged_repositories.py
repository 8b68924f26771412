"""Damage in a repository on the command line: named before a push and after it, and in nobody else's way."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.support import faulty as faults
from tests.support.command import TGL, tgl
from tests.support.damage import DAMAGES, damage, object_file, unpack
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import add_commits, git, make_repository
from tests.support.waiting import until


@pytest.fixture
def damaged(repository: Path) -> Path:
    """Three commits of which the second cannot be counted, and a branch that cannot be read."""
    unpack(repository)
    object_file(repository, "main~1^{tree}").unlink()
    (repository / ".git" / "refs" / "heads" / "broken").write_bytes(b"")
    return repository


@pytest.fixture
def cut_off(repository: Path) -> Path:
    """Five commits of which the second cannot be read."""
    add_commits(repository, 2)
    unpack(repository)
    damage(object_file(repository, "main~3"), DAMAGES["cut before the end"])
    return repository


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["push", "push --dry-run", "push --dry-run --full", "status", "test"])
def test_every_command_names_broken_branches(damaged: Path, command: str) -> None:
    done = tgl(*command.split(), cwd=damaged)
    assert done.code == (0 if command == "status" else 1)
    said = done.out + done.err
    assert ("refs/heads/broken" in said, "broken" in said) == (command != "test", True)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["push", "push --dry-run", "push --dry-run --full", "status", "test"])
def test_every_command_names_damaged_commits(cut_off: Path, command: str) -> None:
    lost = git(cut_off, "rev-parse", "main~3")
    done = tgl(*command.split(), cwd=cut_off)
    said = done.out + done.err
    assert done.code == (0 if command == "status" else 1)
    assert (lost[:12] in said, "damaged" in said) == (command != "test", True)


@pytest.mark.usefixtures("settings")
def test_damaged_commits_are_not_told_as_refused(damaged: Path) -> None:
    (damaged / ".git" / "refs" / "heads" / "broken").unlink()
    done = tgl("push", "--json", cwd=damaged)
    [report] = done.json["repositories"]
    assert (report["sent"], report["damaged"], report["refused"], report["refused_commits"]) == (1, 2, 0, [])
    assert (done.err.count("damaged: demo/first: "), "refused" in done.err) == (2, False)
    shown = tgl("status", cwd=damaged).out
    assert ("2 damaged commits; run" in shown, "refused" in shown) == (True, False)


def _count_as_status_does(path: Path) -> tuple[int, int, int]:
    [state] = tgl("status", path, "--json").json["repositories"]
    seen = state["inspection"]
    return len(seen["damaged"]), seen["unknown_below"], seen["pending"]


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("main~3^{tree}", "2 damaged commits"),
        ("main~2:notes.txt", "2 damaged commits"),
        ("main~3", "2 damaged commits, and all that is below 1 of them, which cannot be counted"),
        ("main~4", "2 damaged commits, and all that is below 1 of them, which cannot be counted"),
    ],
)
def test_every_command_counts_the_same_damage(repository: Path, lost: str, words: str) -> None:
    add_commits(repository, 2)
    unpack(repository)
    object_file(repository, lost).unlink()
    below = int("1 of them" in words)
    for is_pushed in (False, True):
        [planned] = tgl("push", repository, "--dry-run", "--json").json["repositories"]
        found = (planned["damaged"], planned["unknown_below"], planned["not_sent"])
        assert found[:2] == (2, below)
        assert _count_as_status_does(repository) == found
        assert f"  {words}; run `git fsck`" in tgl("status", repository).out
        assert f", {words}, 0 broken branches" in tgl("test", repository).out
        assert words in tgl("push", repository, "--dry-run", "--full").err
        if not is_pushed:
            done = tgl("push", repository)
            assert f"{found[2]} sent, 2 damaged here" in done.out
            assert f"warning: not sent: {words}\n" in done.err
            assert ("(what is below 1 of them cannot be counted)" in done.out) is bool(below)


@pytest.mark.usefixtures("settings")
def test_a_damaged_commit_is_named_once(cut_off: Path) -> None:
    lost = git(cut_off, "rev-parse", "main~3")
    said = tgl("push", cut_off).err
    assert (f"damaged: {lost[:12]} is damaged\n" in said, said.count(lost)) == (True, 1)


@pytest.mark.usefixtures("settings")
def test_the_repositories_after_a_damaged_one_are_pushed(
    damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TGL_REPO")
    paths = [damaged, make_repository(tmp_path / "second"), tmp_path / "nowhere", make_repository(tmp_path / "fourth")]
    listed = "".join(f"\n      - path: {path}" for path in paths)
    (tmp_path / "repos.yaml").write_text(f"projects:\n  - name: demo\n    repos:{listed}\n")
    assert tgl("init", "--register", cwd=tmp_path).code == 2
    done = tgl("push", "--json", cwd=tmp_path)
    states = [(each["state"], each["sent"]) for each in done.json["repositories"]]
    assert states == [("failed", 1), ("pushed", 3), ("failed", 0), ("pushed", 3)]
    assert done.code == 1


async def _terminated(faulty: FaultyServer, path: Path, started: Path | None = None) -> tuple[int | None, str]:
    """Exit status and messages of a push that gets SIGTERM once it has sent something, or counts."""
    process = await asyncio.create_subprocess_exec(
        *TGL, "push", str(path), "--url", faulty.url, "-p", "team", stderr=PIPE, env={**os.environ, "TGL_API_KEY": KEY}
    )
    await until(started.exists if started else lambda: "POST commits" in faulty.requests)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_sigterm_ends_a_push_of_a_damaged_repository(faulty: FaultyServer, cut_off: Path) -> None:
    faulty.always["commits"] = faults.hang
    code, said = await _terminated(faulty, cut_off)
    assert (code, "error: terminated" in said) == (143, True)


async def test_sigterm_ends_a_push_whose_counting_hangs(
    faulty: FaultyServer, cut_off: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, started = tmp_path / "bin" / "git", tmp_path / "started"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && {{ echo git version 2.39.0; exit; }}\ntouch {started}\nexec sleep 300\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    code, said = await _terminated(faulty, cut_off, started)
    assert (code, "the server has confirmed nothing" in said) == (143, True)
