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

from tests.support.damage import DAMAGES, damage, object_file, unpack
from tests.support.reference import counts, shortstat
from tests.support.repositories import git, linear_repository
from tgl_history import CorruptRepository, Engine, Limits, StatisticsFailed, Stopped, open_repository
from tgl_history.stat import NO_CHANGE
from tgl_history.statistics.workers import Command, Uncountable, WorkerDied, Workers

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


@BOTH_ENGINES
def test_an_interruption_while_the_processes_start_ends_them(path: Path, engine: Engine) -> None:
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas
        with pytest.raises(StatisticsFailed):
            list(repository.commits(shas, engine=engine, interrupted=lambda: True))
    assert (children(), statistics_threads()) == ([], [])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupting_the_client_ends_its_workers(path: Path, how: signal.Signals) -> None:
    script = (
        "import sys, pathlib\n"
        "from tgl_history import *\n"
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
        assert workers.submit([sha])[0].result(timeout=30) == {sha: NO_CHANGE}


def test_a_worker_that_will_not_speak_is_reported_with_its_words(tmp_path: Path) -> None:
    with (
        Workers(Command([sys.executable, "-c", "raise SystemExit('no disk')"], dict(os.environ)), 2) as workers,
        pytest.raises(WorkerDied, match="no disk"),
    ):
        workers.submit(["a" * 40])[0].result(timeout=30)


@BOTH_ENGINES
@pytest.mark.parametrize("lost", ["main~50^{tree}", "main~50:file.txt"])
def test_a_commit_that_cannot_be_counted_is_named_and_the_others_are_counted(
    tmp_path: Path, engine: Engine, lost: str
) -> None:
    path = linear_repository(tmp_path / "repo", commits=120)
    unpack(path)
    reference = shortstat(path)
    touched = {git(path, "rev-parse", f"main~{number}").decode() for number in (50, 49)}
    object_file(path, lost).unlink()
    unreadable: dict[str, str] = {}
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas
        commits = list(repository.commits(shas, engine=engine, jobs=2, unreadable=unreadable.__setitem__))
    assert (set(unreadable), len(commits)) == (touched, 118)
    assert counts(commits) == {sha: counted for sha, counted in reference.items() if sha not in touched}
    assert all("cannot be counted" in reason for reason in unreadable.values())


@BOTH_ENGINES
@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("lost", ["main~5^{tree}", "main~5:file.txt"])
def test_a_damaged_tree_or_file_is_named_and_nothing_hangs(tmp_path: Path, engine: Engine, lost: str, how: str) -> None:
    path = linear_repository(tmp_path / "repo", commits=10)
    unpack(path)
    touched = {git(path, "rev-parse", f"main~{number}").decode() for number in (5, 4)}
    damage(object_file(path, lost), DAMAGES[how])
    unreadable: dict[str, str] = {}
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas
        commits = list(repository.commits(shas, engine=engine, unreadable=unreadable.__setitem__))
    assert (set(unreadable), len(commits)) == (touched, 8)


_HOSTILE = """
import sys
for line in sys.stdin:
    if line[0] == "b":
        while True: pass
    if line[0] == "c":
        try: bytearray(2 * 1024**3)
        except MemoryError: sys.exit("out of memory")
    print(line, end="", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
def test_a_commit_that_takes_too_much_ends_alone_and_the_others_are_counted() -> None:
    limits = Limits(memory_bytes=1024**3, cpu_seconds=1)
    small, long, large = ("a" * 40, "b" * 40, "c" * 40)
    with Workers(Command([sys.executable, "-c", _HOSTILE], dict(os.environ), limits), 1) as workers:
        counted = workers.submit([small, long, large])[0].result(timeout=60)
    assert counted == {
        small: NO_CHANGE,
        long: Uncountable("it takes more than 1 seconds of a processor"),
        large: Uncountable("out of memory"),
    }


@BOTH_ENGINES
def test_limits_of_a_server_change_no_number(path: Path, engine: Engine) -> None:
    limits = Limits(memory_bytes=4 * 1024**3, cpu_seconds=600)
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas[:200]
        limited = list(repository.commits(shas, engine=engine, limits=limits))
        assert limited == list(repository.commits(shas, engine=engine))


@BOTH_ENGINES
def test_the_secrets_of_the_environment_do_not_reach_the_counting_processes(
    path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETS_KEYS", "sealed-by-this")
    monkeypatch.setenv("TGL_DATABASE_URL", "postgresql://league")
    with open_repository(path) as repository:
        commits = repository.commits(repository.walk(repository.tips().values()).shas, engine=engine, jobs=1)
        next(commits)
        seen = children()[0].environ()
        commits.close()
    assert not {"SECRETS_KEYS", "TGL_DATABASE_URL"} & seen.keys()
    assert seen["PATH"] == os.environ["PATH"]


def test_a_reader_that_was_stopped_reads_nothing_more(path: Path) -> None:
    with open_repository(path) as repository:
        tips = repository.tips()
        repository.stop()
        with pytest.raises(Stopped):
            repository.walk(tips.values())
