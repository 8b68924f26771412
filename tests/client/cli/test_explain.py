"""`tgl explain`: where a commit is, and why it is not there, as server and clone know it together."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.command import Done, tgl
from tests.support.commits import batch, commit, sha_of
from tests.support.damage import object_file, unpack
from tests.support.histories import add_commits, git
from tests.support.world import World, add_project
from tgl_server.db.engine import Database

pytestmark = pytest.mark.usefixtures("settings")


def reason(done: Done) -> tuple[int, str, list[str]]:
    """The exit code, the clone's reason and what to run, of an answer as JSON."""
    assert done.json["exit_code"] == done.code
    return done.code, done.json["finding"]["reason"], done.json["commands"]


def test_a_commit_that_is_there_is_named_with_its_push(repository: Path) -> None:
    tgl("push", repository)
    done = tgl("explain", "HEAD", repository)
    assert (done.code, done.err) == (0, "")
    first, second = done.out.splitlines()
    assert first.startswith("demo/first: It is here: it arrived on ")
    assert second.startswith(f"  here: {git(repository, 'rev-parse', 'HEAD')[:12]} Change 2, of 2023-11-14 22:15 UTC")
    assert second.endswith(", on main")


def test_a_commit_that_was_not_pushed_yet_is_sent_by_the_next_push(repository: Path) -> None:
    tgl("push", repository)
    add_commits(repository, 1)
    done = tgl("explain", "main", repository)
    assert done.code == 1
    assert "  why: the next push from here sends it, with main\n" in done.out
    assert re.search(r"\n  last push that succeeded: \d+ s ago\n", done.out)
    assert done.out.endswith("  run: tgl push\n")
    assert reason(tgl("explain", "main", repository, "--json")) == (1, "pending", ["tgl push"])


def test_what_to_run_is_aimed_where_the_question_was(repository: Path) -> None:
    given = ("--project", "demo", "--repo", "first")
    done = tgl("explain", "HEAD", repository, *given, "--json")
    assert reason(done) == (1, "pending", ["tgl push --project demo --repo first"])
    assert tgl("explain", "HEAD", repository, *given).out.endswith("  run: tgl push --project demo --repo first\n")


@pytest.mark.parametrize("name", ["main@{1}", "@{1}", "main^{commit}", ":/Change 1"])
def test_a_name_that_git_alone_works_out_leads_to_git(repository: Path, name: str) -> None:
    done = tgl("explain", name, repository)
    assert done.code == 2
    assert f"{name!r} is a name that git alone works out" in done.err
    assert "tgl explain $(git rev-parse '" in done.err


def test_a_branch_that_a_filter_leaves_out_is_named(repository: Path) -> None:
    git(repository, "branch", "feature/x")
    add_commits(repository, 1, "feature/x")
    done = tgl("explain", "feature/x", repository, "--branch", "!feature/*")
    assert "  why: the branch filter !feature/* leaves out every branch that has it: feature/x\n" in done.out
    assert done.out.endswith("  run: tgl push --branch feature/x\n")
    filtered = tgl("explain", "feature/x", repository, "--branch", "nothing-like-it", "--json")
    assert reason(filtered)[:2] == (1, "left_out")


def test_a_date_that_leaves_it_out_is_named(repository: Path) -> None:
    done = tgl("explain", "HEAD", repository, "--since", "2025-01-01", "--json")
    assert reason(done) == (1, "too_old", ["tgl push"])
    assert tgl("explain", "HEAD", repository, "--since", "soon").code == 2


def test_a_commit_of_a_remote_alone_needs_the_option(repository: Path) -> None:
    git(repository, "branch", "side")
    add_commits(repository, 1, "side")
    git(repository, "update-ref", "refs/remotes/origin/side", "side")
    git(repository, "branch", "-D", "side")
    assert reason(tgl("explain", "origin/side", repository, "--json")) == (1, "remote_only", ["tgl push --remotes"])
    assert reason(tgl("explain", "origin/side", repository, "--remotes", "--json"))[:2] == (1, "pending")


def test_a_commit_that_was_amended_away_is_on_no_branch(repository: Path) -> None:
    gone = git(repository, "rev-parse", "main")
    git(repository, "update-ref", "refs/heads/main", "main~1")
    done = tgl("explain", gone[:10], repository)
    assert f"  here: {gone[:12]} Change 2, of 2023-11-14 22:15 UTC, on no branch\n" in done.out
    assert "  why: no branch here has it any more: it was amended or rebased" in done.out
    assert f"  run: git branch NAME {gone[:12]}\n" in done.out


def test_a_shallow_clone_says_what_lies_at_its_boundary_and_beyond(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{repository}", "clone")
    clone, beyond = tmp_path / "clone", git(repository, "rev-parse", "main~2")
    assert reason(tgl("explain", "HEAD~1", clone, "--json"))[1:] == (
        "at_boundary",
        ["git fetch --unshallow", "tgl push"],
    )
    told = reason(tgl("explain", beyond, clone, "--json"))
    assert told == (1, "beyond_boundary", ["git fetch --unshallow", f"tgl explain {beyond}"])


def test_a_commit_that_the_clone_does_not_have_is_looked_for_elsewhere(repository: Path) -> None:
    tgl("push", repository)
    done = tgl("explain", "deadbeef", repository)
    assert done.code == 1
    assert "  why: this clone does not have it: it is in another one, not fetched yet, or a squash" in done.out
    assert "  run: git fetch --all\n  run: tgl explain deadbeef\n" in done.out
    assert f"1 branch recorded there, latest: main {git(repository, 'rev-parse', 'main')[:12]}\n" in done.out


async def test_a_commit_below_a_recorded_branch_is_asked_for_again(repository: Path, database: Database) -> None:
    tgl("push", repository)
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM commits WHERE message_title = 'Change 1'"))
    assert reason(tgl("explain", "HEAD~1", repository, "--json")) == (1, "recorded", ["tgl push --recheck"])
    assert tgl("push", repository, "--recheck").code == 0
    assert tgl("explain", "HEAD~1", repository).code == 0


async def test_a_commit_that_the_server_refuses_has_its_reason(repository: Path, api: Api, world: World) -> None:
    sha = git(repository, "rev-parse", "HEAD")
    await api.post(f"{world.sync_path}/commits", batch(commit(sha=sha, additions=-1)))
    done = tgl("explain", "HEAD", repository)
    assert (done.code, "It was refused on" in done.out, "additions" in done.out) == (1, True, True)
    assert "and the server refuses it again as it is\n" in done.out


async def test_a_commit_of_another_repository_is_shown_there(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    await add_project(database, world, "other", "fork")
    await api.post("/api/v1/sync/projects/other/repos/fork/commits", batch(commit("one")))
    done = tgl("explain", sha_of("one")[:9], repository)
    assert (done.code, "not in this repository, but in other/fork" in done.out) == (1, True)
    assert f"  found: {sha_of('one')[:12]} " in done.out


async def test_shas_that_begin_alike_ask_for_more_digits(api: Api, world: World, tmp_path: Path) -> None:
    alike = [commit(sha="abcd" + digit * 36) for digit in "12"]
    await api.post(f"{world.sync_path}/commits", batch(*alike))
    done = tgl("explain", "abcd", cwd=tmp_path)
    assert (done.code, done.out.count("  found: abcd")) == (2, 2)
    assert tgl("explain", "abcd1", cwd=tmp_path).code == 0


def test_without_a_clone_the_server_alone_answers(tmp_path: Path) -> None:
    done = tgl("explain", "deadbeef", cwd=tmp_path)
    assert (done.code, "  usually:\n" in done.out, "  why:" in done.out) == (1, True, False)
    assert "  run: git branch -a --contains deadbeef\n  run: tgl push --dry-run\n" in done.out
    named = tgl("explain", "HEAD", cwd=tmp_path)
    assert (named.code, "give the commit's sha" in named.err) == (2, True)


def test_a_damaged_commit_is_told(repository: Path) -> None:
    unpack(repository)
    sha = git(repository, "rev-parse", "HEAD")
    file = object_file(repository, sha)
    file.chmod(0o600)
    file.write_bytes(b"")
    done = tgl("explain", sha, repository, "--json")
    assert reason(done)[1] == "damaged"


def test_a_name_that_is_no_commit_and_a_wrong_repository_are_usage(repository: Path) -> None:
    assert tgl("explain", "no-such-branch", repository).code == 2
    wrong = tgl("explain", "HEAD", repository, "--repo", "firts")
    assert (wrong.code, "did you mean" in wrong.err or "there are: first" in wrong.err) == (2, True)


def test_of_several_repositories_the_one_that_has_it_is_asked(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    (tmp_path / "repos.yaml").write_text(
        "projects:\n- project_id: demo\n  repos:\n"
        "  - {path: empty, repo_id: nothing}\n  - {path: work, repo_id: first}\n"
    )
    sha = git(repository, "rev-parse", "HEAD")
    done = tgl("explain", sha[:9], "-c", tmp_path / "repos.yaml", TGL_PROJECT="", TGL_REPO="")
    assert done.out.startswith("demo/first: "), done.err
