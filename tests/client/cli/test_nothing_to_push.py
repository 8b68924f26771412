"""A push that sends nothing says why: nothing new, nothing so young, no commit yet, or no branch left."""

from pathlib import Path

import pytest

from tests.support.command import Done, tgl
from tests.support.histories import add_commits, git, make_repository

COMMANDS = pytest.mark.parametrize("command", ["push", "push --dry-run", "push --quiet"])
INSPECTIONS = pytest.mark.parametrize("command", ["status", "test"])


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A repository without a commit."""
    return make_repository(tmp_path / "empty", 0)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["push", "push --dry-run"])
def test_a_date_that_leaves_every_commit_out_is_named_with_their_number(repository: Path, command: str) -> None:
    done = tgl(*command.split(), repository, "--since", "2062-01-31")
    assert (done.code, done.out) == (0, "demo/first: no commit since 2062-01-31 (3 older left out)\n")


@pytest.mark.usefixtures("settings")
def test_a_date_that_leaves_some_commits_out_is_named_with_their_number(repository: Path) -> None:
    done = tgl("push", repository, "--since", "2023-11-14T22:14:30")
    assert done.code == 0
    assert "1 commit walked: 1 sent, 2 older than 2023-11-14 22:14 UTC and left out, in" in done.out
    [report] = tgl("push", repository, "--since", "2062-01-31", "--json").json["repositories"]
    assert (report["walked"], report["older"], report["since"]) == (0, 3, "2062-01-31T00:00:00Z")


@pytest.mark.usefixtures("settings")
@COMMANDS
def test_a_clone_without_commits_is_a_warning(empty: Path, command: str) -> None:
    done = tgl(*command.split(), empty)
    assert (done.code, "warning: " in done.err, "there are no commits yet" in done.err) == (0, True, True)
    assert "nothing new" not in done.out


@pytest.mark.usefixtures("settings")
@COMMANDS
def test_a_filter_that_leaves_every_branch_out_is_a_warning(repository: Path, command: str) -> None:
    done = tgl(*command.split(), repository, "--branch", "!ma*")
    assert (done.code, "the branch filter leaves out every branch (1)" in done.err) == (0, True)
    assert "hint: see --branch" in done.err
    assert "nothing new" not in done.out


@pytest.mark.usefixtures("settings")
@INSPECTIONS
def test_status_and_test_say_why_there_is_nothing_to_push(empty: Path, repository: Path, command: str) -> None:
    assert "nothing to push: there are no commits yet" in tgl(command, empty).out
    _write_filter(repository, "!ma*")
    assert "nothing to push: the branch filter leaves out every branch (1)" in tgl(command, cwd=repository).out


@pytest.mark.usefixtures("settings")
def test_a_filter_that_matches_nothing_beside_another_is_named(repository: Path) -> None:
    done = tgl("push", repository, "--branch", "main", "--branch", "mian", "--branch", "rel/*")
    assert (done.code, "warning: no branch matches mian, rel/*; the others are looked at" in done.err) == (0, True)
    quiet = tgl("push", repository, "--branch", "main", "--branch", "mian", "--branch", "rel/*", "--quiet")
    # A pattern may wait for its first branch, which a cron job need not say each night.
    assert (quiet.code, "no branch matches mian; the others" in quiet.err) == (0, True)
    _write_filter(repository, "main", "mian")
    for command in ("status", "test"):
        assert "(no branch matches mian)" in tgl(command, cwd=repository).out


@pytest.mark.usefixtures("settings")
def test_a_push_that_finds_nothing_new_says_so(repository: Path) -> None:
    assert _pushed(repository).code == 0
    again = _pushed(repository)
    assert (again.code, again.out, again.err) == (0, "demo/first: nothing new\n", "")
    add_commits(repository, 1)
    assert "1 sent" in _pushed(repository).out


@pytest.mark.usefixtures("settings")
def test_a_shallow_clone_that_pushes_passes_the_test_as_well(repository: Path, tmp_path: Path) -> None:
    add_commits(repository, 5)
    git(tmp_path, "clone", "-q", "--depth=3", f"file://{repository}", "shallow")
    assert _pushed(tmp_path / "shallow").code == 0
    assert _pushed(tmp_path / "shallow").code == 0
    assert tgl("test", tmp_path / "shallow").code == 0


def _pushed(path: Path) -> Done:
    return tgl("push", path)


def _write_filter(repository: Path, *branches: str) -> None:
    listed = ", ".join(f'"{each}"' for each in branches)
    (repository / "repos.yaml").write_text(
        f"projects: [{{name: demo, repos: [{{path: ., repo_id: first, branches: [{listed}]}}]}}]"
    )
