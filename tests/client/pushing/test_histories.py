"""Two histories in one repository: only where somebody says so."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command import TGL, Done, tgl
from tests.support.database import execute
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import add_commits, git
from tests.support.pushing import push, stored
from tests.support.repositories import commit, imported, linear_repository
from tests.support.world import World
from tgl_client import Client
from tgl_client.errors import ForeignHistoryError
from tgl_client.exit_codes import ExitCode
from tgl_server.db.engine import Database

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Another repository than the one that is pushed first."""
    return linear_repository(tmp_path / "foreign", 2)


async def test_a_foreign_history_is_refused_and_nothing_of_it_sent(
    repository: Path, foreign: Path, database: Database
) -> None:
    assert push(repository).code == 0
    before = await stored(database)
    done = push(foreign, "--json")
    assert (done.code, done.json["repositories"][0]["state"]) == (ExitCode.USAGE, "failed")
    assert f"{foreign} (begins with {git(foreign, 'rev-list', '--max-parents=0', 'main')[:12]})" in done.err
    assert "has no commit in common with the 3 commits of demo/first" in done.err
    assert "hint: check --project, --repo and TGL_REPO; --join-history" in done.err
    assert await stored(database) == before
    for command in (("push", "--dry-run"), ("push", "--dry-run", "--full"), ("test",)):
        assert tgl(*command, foreign).code == ExitCode.USAGE
    status = tgl("status", foreign)
    assert (status.code, "has no commit in common with the 3 commits of demo/first" in status.out) == (0, True)
    assert await stored(database) == before


async def test_a_history_that_is_to_be_joined_is_named_once(
    repository: Path, foreign: Path, database: Database
) -> None:
    push(repository)
    assert push(foreign, "--join-history").code == 0
    assert len(await stored(database)) == 5
    git(foreign, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "--allow-empty", "-m", "x")
    assert push(foreign).code == 0
    add_commits(repository, 1)
    assert push(repository).code == 0
    assert len(await stored(database)) == 7


def test_an_entry_of_repos_yaml_may_join_too(repository: Path, foreign: Path, tmp_path: Path, world: World) -> None:
    push(repository)
    entry = f"path: {foreign}\n        repo_id: {world.repo}\n"
    file = tmp_path / "repos.yaml"
    file.write_text(f"projects:\n  - project_id: {world.project}\n    repos:\n      - {entry}")
    assert _by_file("push", file).code == ExitCode.USAGE
    with file.open("a") as more:
        more.write("        join_history: true\n")
    assert _by_file("push", file).code == 0


async def test_a_branch_that_was_begun_anew_belongs_to_its_repository(
    repository: Path, tmp_path: Path, database: Database
) -> None:
    """The server's tip is ahead of ours, and its roots are not found yet: only our other branch knows."""
    git(tmp_path, "clone", "-q", str(repository), "pages")
    add_commits(repository, 1)
    push(repository)
    await execute(database, "DELETE FROM repo_roots")
    pages = tmp_path / "pages"
    git(pages, "-c", "user.name=B", "-c", "user.email=b@x", "checkout", "-q", "--orphan", "gh-pages")
    git(pages, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "Begin the pages")
    done = push(pages, "--branch", "gh-pages", "--json")
    assert (done.code, done.json["repositories"][0]["sent"]) == (0, 1)


async def test_a_shallow_clone_is_known_by_what_lies_just_beyond_its_boundary(repository: Path, tmp_path: Path) -> None:
    push(repository)
    add_commits(repository, 2)
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{repository}", "shallow")
    done = push(tmp_path / "shallow", "--json")
    assert (done.code, done.json["repositories"][0]["sent"]) == (0, 1)


def test_a_shallow_clone_that_shows_no_common_commit_is_told_to_fetch_more(repository: Path, tmp_path: Path) -> None:
    push(repository)
    add_commits(repository, 5)
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{repository}", "shallow")
    done = push(tmp_path / "shallow")
    assert (done.code, "hint: `git fetch --unshallow`" in done.err) == (ExitCode.USAGE, True)
    git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
    assert push(tmp_path / "shallow").code == 0


async def test_a_part_by_date_is_known_by_the_older_rest(repository: Path, database: Database) -> None:
    push(repository)
    await execute(database, "DELETE FROM repo_roots")
    add_commits(repository, 5)
    since = git(repository, "log", "-1", "--format=%cI", "main")
    done = push(repository, "--since", since, "--json")
    assert (done.code, done.json["repositories"][0]["sent"]) == (0, 1)


def test_one_of_several_roots_is_enough(repository: Path, foreign: Path, tmp_path: Path) -> None:
    push(repository)
    push(foreign, "--join-history")
    both = linear_repository(tmp_path / "both", 1, branch="old")
    imported(both, [commit("refs/heads/new", 1, first=True)])
    assert push(both, "--branch", "new", "--json").json["repositories"][0]["sent"] == 1


@pytest.mark.parametrize(
    ("answer", "code", "commits"), [("y", 0, 5), ("n", ExitCode.USAGE, 3), ("", ExitCode.USAGE, 3)]
)
async def test_on_a_terminal_the_push_asks(
    answer: str, code: int, commits: int, repository: Path, foreign: Path, database: Database
) -> None:
    push(repository)
    shown, status = _answer(answer, "push", str(foreign))
    assert f"warning: {foreign} (begins with " in shown
    assert "Put both histories into demo/first? [y/N] " in shown
    assert (status, len(await stored(database))) == (code, commits)


def test_a_question_that_is_interrupted_ends_like_any_interrupted_push(repository: Path, foreign: Path) -> None:
    push(repository)
    shown, status = _answer(None, "push", str(foreign))
    assert status == ExitCode.INTERRUPTED
    assert "Traceback" not in shown


def _by_file(command: str, file: Path, *arguments: str) -> Done:
    """Run a command on the repositories of a repos.yaml."""
    return tgl(command, "--config", file, *arguments, TGL_PROJECT="", TGL_REPO="")


def _answer(answer: str | None, *arguments: str) -> tuple[str, int]:
    """What the command shows on a terminal on which somebody answers its question, or presses Ctrl-C; its exit code."""
    ours, theirs = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    process = subprocess.Popen([*TGL, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while not shown.endswith(b"[y/N] "):
        shown += os.read(ours, 1024)
    if answer is None:
        process.send_signal(signal.SIGINT)
    else:
        os.write(ours, f"{answer}\n".encode())
    status = process.wait(300)
    os.close(ours)
    return shown.decode(), status


async def test_a_server_that_tells_no_roots_is_asked_for_commits(faulty: FaultyServer, repository: Path) -> None:
    faulty.stored = ["a" * 40]
    async with Client(faulty.url, KEY) as client:
        with pytest.raises(ForeignHistoryError):
            await client.push(repository, project="demo", repo="first")
        faulty.stored.append(git(repository, "rev-list", "--max-parents=0", "main"))
        assert (await client.push(repository, project="demo", repo="first")).sent == 2


async def test_two_entries_of_a_file_with_one_target_and_two_histories_send_nothing(
    repository: Path, foreign: Path, tmp_path: Path, world: World, database: Database
) -> None:
    file = tmp_path / "repos.yaml"
    entries = [f"      - path: {path}\n        repo_id: {world.repo}\n" for path in (repository, foreign)]
    file.write_text(f"projects:\n  - project_id: {world.project}\n    repos:\n{''.join(entries)}")
    done = _by_file("push", file)
    assert done.code == ExitCode.USAGE
    assert f"{repository} ({file}:4) and {foreign} ({file}:6) both go to demo/first" in done.err
    assert await stored(database) == set()
    assert "warning: " in _by_file("status", file).err
    assert _by_file("test", file).code == ExitCode.USAGE
    assert _by_file("push", file, "--join-history").code == 0


def test_two_clones_of_one_repository_may_have_one_target(repository: Path, tmp_path: Path, world: World) -> None:
    git(tmp_path, "clone", "-q", str(repository), "clone")
    add_commits(tmp_path / "clone", 1, "topic")
    add_commits(repository, 1)
    file = tmp_path / "repos.yaml"
    entries = [f"      - path: {tmp_path / name}\n        repo_id: {world.repo}\n" for name in ("work", "clone")]
    file.write_text(f"projects:\n  - project_id: {world.project}\n    repos:\n{''.join(entries)}")
    assert _by_file("push", file).code == 0
