"""The counting processes end when they should, whatever happens to the one who asked."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.client.history.repositories import git, linear_repository
from tgl_client.history import CorruptRepository, Engine, StatisticsFailed, default_engine, open_repository, stats_git
from tgl_client.history.workers import Command, WorkerDied, Workers

BOTH_ENGINES = pytest.mark.parametrize("engine", list(Engine))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return linear_repository(tmp_path_factory.mktemp("processes") / "repo", commits=3000)


@pytest.fixture(autouse=True)
def _others() -> Iterator[None]:
    """What runs below this process for other tests: a server, for instance."""
    _of_others.update(child.pid for child in psutil.Process().children())
    yield
    _of_others.clear()


_of_others: set[int] = set()


def children() -> list[psutil.Process]:
    """Those of this test, zombies included."""
    return [child for child in psutil.Process().children() if child.pid not in _of_others]


def statistics_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tgl-statistics"]


@BOTH_ENGINES
def test_nothing_is_left_behind_when_all_was_read(path: Path, engine: Engine) -> None:
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas
        assert len(list(repository.commits(shas[:200], engine=engine))) == 200
    assert (children(), statistics_threads()) == ([], [])


@BOTH_ENGINES
def test_nothing_is_left_behind_when_the_reader_stops_early(path: Path, engine: Engine) -> None:
    with open_repository(path) as repository:
        commits = repository.commits(repository.walk(repository.tips().values()).shas, engine=engine, jobs=2)
        next(commits)
        assert len(children()) == 2
        commits.close()
    assert (children(), statistics_threads()) == ([], [])


def test_commits_stream_before_the_last_one_is_read(path: Path) -> None:
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas
        # One that does not exist: reading everything before answering would fail at once.
        commits = repository.commits([*shas, bytes(20)], jobs=1)
        assert [next(commits).sha for _ in range(400)] == [sha.hex() for sha in shas[:400]]
        with pytest.raises(CorruptRepository):
            list(commits)


@BOTH_ENGINES
def test_a_repack_in_the_middle_is_not_noticed(tmp_path: Path, engine: Engine) -> None:
    path = linear_repository(tmp_path / "repo", commits=1500)
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas
        commits = repository.commits(shas, engine=engine, jobs=1)
        assert next(commits).additions == 1
        git(path, "repack", "-a", "-d", "-q", "--depth=10", "--window=3", "-f")
        assert len(list(commits)) == 1499


def test_a_killed_worker_is_reported_and_leaves_nothing(path: Path) -> None:
    with open_repository(path) as repository:
        commits = repository.commits(repository.walk(repository.tips().values()).shas, engine=Engine.GIT, jobs=1)
        next(commits)
        children()[0].kill()
        with pytest.raises(StatisticsFailed, match="signal 9"):
            list(commits)
    assert (children(), statistics_threads()) == ([], [])


def test_a_small_push_starts_one_worker(path: Path) -> None:
    with open_repository(path) as repository:
        commits = repository.commits(repository.walk(repository.tips().values()).shas[:5], jobs=8)
        next(commits)
        assert len(children()) == 1
        commits.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupting_the_client_ends_its_workers(path: Path, how: signal.Signals) -> None:
    script = (
        "import sys, pathlib\n"
        "from tgl_client.history import *\n"
        "repository = open_repository(pathlib.Path(sys.argv[1]))\n"
        "shas = repository.walk(repository.tips().values()).shas\n"
        "for number in range(10_000):\n"
        "    for commit in repository.commits(shas, jobs=2):\n"
        "        print(flush=True)\n"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"\n"
        workers = psutil.Process(client.pid).children()
        assert len(workers) == 2
        client.send_signal(how)
        client.stdout.read()
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_a_worker_that_talks_on_its_error_channel_does_not_block(tmp_path: Path) -> None:
    loud = "import sys\nsys.stderr.write('x' * 1_000_000)\nfor line in sys.stdin: print(line, end='', flush=True)"
    with Workers(Command([sys.executable, "-c", loud], dict(os.environ)), 1) as workers:
        sha = "a" * 40
        assert workers.submit([sha])[0].result(timeout=30) == {sha: (0, 0, 0)}


def test_a_worker_that_will_not_speak_is_reported_with_its_words(tmp_path: Path) -> None:
    with (
        Workers(Command([sys.executable, "-c", "raise SystemExit('no disk')"], dict(os.environ)), 2) as workers,
        pytest.raises(WorkerDied, match="no disk"),
    ):
        workers.submit(["a" * 40])[0].result(timeout=30)


def test_without_git_the_default_is_pygit2(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stats_git.usable_git.cache_clear()
    try:
        assert default_engine() is Engine.PYGIT2
        with open_repository(path) as repository:
            shas = repository.walk(repository.tips().values()).shas[:3]
            assert len(list(repository.commits(shas))) == 3
            with pytest.raises(StatisticsFailed, match=r"no git 2\.25"):
                list(repository.commits(shas, engine=Engine.GIT))
    finally:
        stats_git.usable_git.cache_clear()


@pytest.mark.parametrize(
    ("said", "engine"),
    [
        ("git version 2.24.9", Engine.PYGIT2),
        ("git version 2.25.0", Engine.GIT),
        ("git version 10.0.windows.1", Engine.GIT),
        ("what?", Engine.PYGIT2),
    ],
)
def test_an_old_git_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, engine: Engine) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\necho '{said}'\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    stats_git.usable_git.cache_clear()
    try:
        assert default_engine() is engine
    finally:
        stats_git.usable_git.cache_clear()
