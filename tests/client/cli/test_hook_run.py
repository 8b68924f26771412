"""Pushes out of hooks: commits neither wait nor fail, a rebase costs one push, and every commit arrives."""

import asyncio
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import TGL, tgl
from tests.support.histories import add_commits, git
from tests.support.pushing import until_pushed
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_client import hooks
from tgl_client.cli.hook import log
from tgl_client.cli.hook.run import push_when_free
from tgl_client.exit_codes import ExitCode
from tgl_client.http.address import Target, parse_server_url
from tgl_client.pushing.lock import locked

WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")


@pytest.fixture
def starts(repository: Path, tmp_path: Path) -> Path:
    """A file with a line for each start of `tgl` by the repository's hooks."""
    git(repository, "reset", "-q", "--hard")
    file, program = tmp_path / "starts", tmp_path / "tgl-that-is-counted"
    program.write_text(f'#!/bin/sh\necho "$*" >>{shlex.quote(str(file))}\nexec {shlex.join(TGL)} "$@"\n')
    program.chmod(0o755)
    file.touch()
    home = repository / ".git"
    hooks.install(hooks.Folder(home / "hooks", (home,)), str(program))
    return file


def _git(repository: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    """Git with a name, and with hooks."""
    return subprocess.run(["git", "-C", str(repository), *WHO, *args], capture_output=True, check=True)


def _commit(repository: Path) -> subprocess.CompletedProcess[bytes]:
    return _git(repository, "commit", "-q", "--allow-empty", "-m", "One more")


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def _queued(repository: Path) -> Path:
    return repository / ".git" / "tgl-queued"


@pytest.mark.usefixtures("settings")
async def test_a_commit_is_pushed_in_the_background(server: RunningServer, world: World, repository: Path) -> None:
    git(repository, "reset", "-q", "--hard")
    tgl("hook", "install", repository)
    await asyncio.to_thread(_commit, repository)
    await until_pushed(server, world, git(repository, "rev-parse", "main"))


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("backend", ["--merge", "--apply"])
async def test_a_rebase_of_thirty_commits_is_one_push(
    server: RunningServer, world: World, repository: Path, starts: Path, backend: str
) -> None:
    git(repository, "branch", "base")
    add_commits(repository, 30)
    _git(repository, "reset", "-q", "--hard")
    _git(repository, "checkout", "-q", "base")
    (repository / "other.txt").write_text("in the way\n")
    _git(repository, "add", "other.txt")
    _git(repository, "-c", "core.hooksPath=/nowhere", "commit", "-q", "-m", "Another base")
    _git(repository, "checkout", "-q", "main")
    await asyncio.to_thread(_git, repository, "rebase", "-q", backend, "base")
    await until_pushed(server, world, git(repository, "rev-parse", "main"))
    assert git(repository, "rev-list", "--count", "main") == "34"
    assert _lines(starts) == 1
    assert not _queued(repository).exists()


@pytest.mark.usefixtures("settings")
async def test_the_last_of_several_picked_commits_arrives(
    server: RunningServer, world: World, repository: Path, starts: Path
) -> None:
    git(repository, "branch", "picked")
    add_commits(repository, 5, "picked")
    await asyncio.to_thread(_git, repository, "cherry-pick", "main..picked")
    await until_pushed(server, world, git(repository, "rev-parse", "main"))


def test_a_commit_starts_nothing_while_a_push_is_waiting(repository: Path, starts: Path) -> None:
    _queued(repository).write_text(f"{os.getpid()}\n")
    _commit(repository)
    assert _queued(repository).read_text() == f"{os.getpid()}\n"
    assert starts.read_text() == ""


async def test_a_push_that_never_came_is_not_waited_for(repository: Path, starts: Path) -> None:
    ended = await asyncio.create_subprocess_exec("true")
    await ended.wait()
    _queued(repository).write_text(f"{ended.pid}\n")
    await asyncio.to_thread(_commit, repository)
    await until(lambda: "hook run --queued" in starts.read_text())


async def test_a_process_that_only_has_the_number_is_not_waited_for(repository: Path, starts: Path) -> None:
    _queued(repository).write_text(f"{os.getpid()}\n")
    os.utime(_queued(repository), (1_700_000_000, 1_700_000_000))
    await asyncio.to_thread(_commit, repository)
    await until(lambda: "hook run --queued" in starts.read_text())


async def test_a_commit_in_a_linked_worktree_starts_a_push_of_it(
    repository: Path, tmp_path: Path, starts: Path
) -> None:
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "-q", str(linked), "-b", "side")
    await asyncio.to_thread(_commit, linked)
    await until(lambda: f"{linked.resolve()}\n" in starts.read_text())


@pytest.mark.usefixtures("settings")
async def test_commits_during_a_push_are_pushed_after_it(server: RunningServer, world: World, repository: Path) -> None:
    target = Target(world.project, world.repo)
    with locked(repository, parse_server_url(server.url), target):
        waiting = await asyncio.create_subprocess_exec(
            *TGL, "hook", "run", "--queued", str(_queued(repository)), str(repository)
        )
        await until(_queued(repository).exists)
    await until_pushed(server, world, git(repository, "rev-parse", "main"))
    assert await waiting.wait() == 0


def test_one_process_waits_and_others_leave_it_to_that_one(tmp_path: Path) -> None:
    queued, pushes = tmp_path / "queued", 0

    def push_while_another_waits() -> ExitCode:
        nonlocal pushes
        pushes += 1
        queued.write_text("1\n")
        return ExitCode.ALREADY_RUNNING

    assert push_when_free(queued, push_while_another_waits) is ExitCode.ALREADY_RUNNING
    assert (pushes, queued.read_text()) == (1, "1\n")


def test_a_commit_succeeds_without_server_and_says_nothing(repository: Path) -> None:
    git(repository, "reset", "-q", "--hard")
    tgl("hook", "install", repository)
    done = _commit(repository)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_each_line_of_the_log_has_its_time_and_repository(repository: Path, tgl_home: Path) -> None:
    done = tgl("hook", "run", repository)
    assert (done.code, done.out, done.err) == (2, "", "")
    lines = (tgl_home / "state" / "hook.log").read_text().splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        f"{repository}: error: no server is named",
        f"{repository}: hint: `tgl login https://...`, or set TGL_URL",
    ]
    assert all(line.partition(" ")[0].endswith("Z") for line in lines)
    assert tgl("hook", "status", repository, "--json").json["last"] == lines[-1]


@pytest.mark.usefixtures("settings")
def test_the_log_tells_of_a_push_that_succeeded(repository: Path) -> None:
    assert tgl("hook", "run", repository).code == 0
    assert tgl("hook", "status", repository, "--json").json["last"].endswith(f" {repository}: done")


def test_the_log_stays_small(repository: Path, tgl_home: Path, tmp_path: Path) -> None:
    folder = tgl_home / "state"
    folder.mkdir(parents=True)
    for _ in range(3):
        with (folder / "hook.log").open("a") as file:
            file.write("x" * 120_000 + "\n")
        tgl("hook", "run", repository)
    files = sorted(folder.glob("hook.log*"))
    assert [file.name for file in files] == ["hook.log", "hook.log.old"]
    assert sum(file.stat().st_size for file in files) < 250_000


def test_two_logs_do_not_mix_their_lines(tgl_home: Path) -> None:
    with log.open_log(Path("/a")) as one, log.open_log(Path("/b")) as other:
        one.write("half of ")
        other.write("a whole line\n")
        one.write("a line\n")
    words = [line.split(" ", 1)[1] for line in log.log_path().read_text().splitlines()]
    assert words == ["/b: a whole line", "/a: half of a line"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no sessions")
def test_the_shell_lines_are_plain_posix(tmp_path: Path) -> None:
    script = tmp_path / "hook"
    script.write_text(hooks.with_block("#!/bin/sh\nset -eu\n", "tgl"))
    for shell in ("dash", "bash", "busybox sh", "zsh", "ksh"):
        program, *words = shell.split()
        found = subprocess.run(["which", program], capture_output=True, check=False).stdout.decode().strip()
        if found:
            subprocess.run([found, *words, "-n", str(script)], check=True)


def test_the_log_shows_what_would_be_hidden(tmp_path: Path) -> None:
    repository = tmp_path / "odd\x1b]0;title\x07\u202e"
    with log.open_log(repository) as written:
        written.write("error: a branch called \x1b[2J\u202etxt\x9b\tends\n")
    text = log.log_path().read_text()
    assert text.removesuffix("\n").replace("\t", "").isprintable()
    assert "\\u001b[2J\\u202etxt\\u009b\tends" in text
    assert log.last_line(repository) == text.removesuffix("\n")
