"""`tgl-server demo`: everything from nothing, twice, and what it says when something is wrong."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.processes import command_line
from tests.support.repositories import empty_repository, git, linear_repository, random_repository
from tests.support.waiting import wait_until
from tgl_server.demo.repository import NotCounted, reachable_commits

COMMAND = [sys.executable, "-m", "tgl_server", "demo"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An empty home, no settings of ours, and the database's folder named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TGL_", "XDG_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "HOME": str(tmp_path / "home"), "DATA_DIR": str(tmp_path / "data")}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database has its tables, made once, as that takes longer than the demos themselves."""
    data = tmp_path_factory.mktemp("migrated") / "data"
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "tgl_server", "migrate"]
    subprocess.run(command, env={**kept, "DATA_DIR": str(data)}, check=True, capture_output=True)
    return data


@pytest.fixture
def used(home: dict[str, str], migrated: Path) -> dict[str, str]:
    """`home` with a data folder that has been used before."""
    # With its owners: as root, the database runs as another user.
    subprocess.run(["cp", "-a", str(migrated), home["DATA_DIR"]], check=True)
    return home


def demo(home: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=home, capture_output=True, text=True, check=False)


def test_the_demo_pushes_a_repository_and_checks_its_count(home: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "league", commits=120)
    first = demo(home, str(path), "--exit")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "120 commits by" in first.stdout
    assert "the server has as many" in first.stdout
    assert "Listening" not in first.stderr, "the demo says where it is itself"
    assert re.search(
        r"league +an exhibition season, .* with \d+ players\n +http://127.0.0.1:\d+/leagues/league-\w+-league/",
        first.stdout,
    )
    again = demo(home, str(path), "--exit")
    assert again.returncode == 0, again.stderr
    assert "nothing new" in again.stdout
    assert "/seasons/1" in again.stdout, "the same season goes on"
    git(path, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--amend", "--allow-empty", "-m", "rewritten")
    rewritten = demo(home, str(path), "--exit")
    assert rewritten.returncode == 1, "the server holds other commits than the branches"
    assert "history was rewritten" in rewritten.stdout


def test_the_demo_of_an_empty_repository_has_nothing_to_do(used: dict[str, str], tmp_path: Path) -> None:
    done = demo(used, str(empty_repository(tmp_path / "empty")), "--exit")
    assert (done.returncode, "nothing new" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_demo_of_a_folder_without_a_repository_says_so(home: dict[str, str], tmp_path: Path) -> None:
    done = demo(home, str(tmp_path), "--exit")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "not a Git repository" in done.stderr
    assert not (tmp_path / "data").exists(), "nothing is started for a path that cannot be pushed"


def test_the_demo_of_a_path_that_does_not_exist_says_so(home: dict[str, str], tmp_path: Path) -> None:
    done = demo(home, str(tmp_path / "nowhere"), "--exit")
    assert (done.returncode, "nowhere does not exist" in done.stderr) == (1, True), done.stderr


def test_the_demo_serves_until_it_is_interrupted(used: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "league", commits=30)
    with started(used, path) as process:
        said = read_until(process, "Serving until Ctrl-C")
        assert status_of(f"{server_of(said)}/ready") == 200
        link = re.search(r"http://\S+/link/\S+", said)
        assert link is not None
        assert status_of(link[0]) == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.slow
def test_a_demo_whose_terminal_is_closed_takes_its_server_with_it(used: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "league", commits=30)
    with started(used, path) as process:
        read_until(process, "Serving until Ctrl-C")
        server = children_of(process, "serve")
        process.send_signal(signal.SIGHUP)
        assert process.wait(30) == 0
        assert [each for each in server if each.is_running()] == []


def test_a_demo_may_be_ended_before_the_push_is_done(used: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "league", commits=30)
    with started(used, path, stderr=subprocess.PIPE) as process:
        read_until(process, "pushing")
        server = wait_until(lambda: children_of(process, "serve"))
        process.terminate()
        _, complaint = process.communicate(timeout=30)
        assert (process.returncode, "Traceback" in complaint) == (130, False), complaint
        assert [each for each in server if each.is_running()] == []


def test_a_demo_that_is_killed_takes_its_server_with_it(used: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "league", commits=30)
    with started(used, path) as process:
        read_until(process, "Serving until Ctrl-C")
        server = children_of(process, "serve")
        process.kill()
        process.wait()
        gone, left = psutil.wait_procs(server, timeout=30)
    assert (bool(gone), left) == (True, [])
    # The embedded PostgreSQL outlives the kill, by design; the next demo finds it and stops it.
    assert demo(used, str(path), "--exit").returncode == 0


def test_two_first_demos_at_once_share_a_fresh_data_folder(home: dict[str, str], tmp_path: Path) -> None:
    paths = [random_repository(tmp_path / name, commits=30) for name in ("one", "two")]
    both = [
        subprocess.Popen([*COMMAND, str(path), "--exit"], env=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for path in paths
    ]
    said = [process.communicate()[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(said)


@pytest.mark.slow
def test_the_next_steps_work_beside_other_demos_and_as_long_as_their_own(used: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "sp ace ü 日本 $x", commits=30)
    with started(used, path) as lasting, started(used, path) as other:
        said, other_url = read_until(lasting, "Serving until"), server_of(read_until(other, "Serving until"))
        *lines, curl = said.partition("another terminal:\n")[2].splitlines()[:4]
        paste("\n".join(["set -e", *lines]), used)
        status, key = curl.split()[-1], said.partition("TGL_API_KEY=")[2].split()[0]
        assert status_of(status, key) == 200
        lasting.send_signal(signal.SIGINT)
        assert lasting.wait(30) == 0
        assert status_of(status.replace(server_of(said), other_url), key) == 401
        other.send_signal(signal.SIGINT)
        assert other.wait(30) == 0


def paste(script: str, home: dict[str, str]) -> None:
    done = subprocess.run(["sh", "-c", script], env=home, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_git_counts_what_the_client_pushes(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "league", commits=30)
    tip = git(path, "rev-parse", "HEAD").decode()
    git(path, "replace", tip, git(path, "commit-tree", "-m", "alone", f"{tip}^{{tree}}").decode())
    assert git(path, "rev-list", "--count", "HEAD") == b"1"
    assert reachable_commits(path) == 30
    git(path, "checkout", "-q", "--detach", "--force")
    git(path, "commit", "-q", "--allow-empty", "-m", "detached")
    assert reachable_commits(path) == 31


def test_a_bare_repository_is_counted_where_git_wants_it_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = linear_repository(tmp_path / "league.git", commits=3, bare=True)
    (tmp_path / ".gitconfig").write_text("[safe]\n\tbareRepository = explicit\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert reachable_commits(path) == 3


@pytest.mark.slow
def test_the_demo_of_a_shallow_clone_says_what_is_skipped(used: dict[str, str], tmp_path: Path) -> None:
    whole = linear_repository(tmp_path / "whole", commits=30)
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{whole}", "shallow")
    done = demo(used, str(tmp_path / "shallow"), "--exit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stored    1 commit by 1 author\n" in done.stdout
    assert "reach 2 commits, of them 1 skipped at the shallow boundary" in done.stdout


def test_git_that_fails_is_not_said_to_be_missing(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "league", commits=3)
    assert reachable_commits(path) == 3
    (path / ".git" / "shallow").write_text("no id\n")
    with pytest.raises(NotCounted, match="`git rev-list` failed"):
        reachable_commits(path)


@contextmanager
def started(home: dict[str, str], path: Path, stderr: int | None = None) -> Iterator["subprocess.Popen[str]"]:
    command = [*COMMAND, str(path)]
    with subprocess.Popen(command, env=home, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def read_until(process: "subprocess.Popen[str]", beginning: str) -> str:
    """What was printed, up to the line that begins so."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(beginning):
            return "".join(lines)
    raise AssertionError("".join(lines))


def server_of(said: str) -> str:
    return next(line.split()[1] for line in said.splitlines() if line.startswith("server"))


def status_of(url: str, key: str = "") -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def children_of(process: "subprocess.Popen[str]", word: str) -> list[psutil.Process]:
    """Those with a word in their command, and theirs."""
    found = [each for each in psutil.Process(process.pid).children() if word in command_line(each)]
    return found + [below for each in found for below in each.children(recursive=True)]
