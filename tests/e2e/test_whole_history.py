"""The main job, end to end: the real `tgl push`, a real server, and git as the judge of every number."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.command import tgl
from tests.support.database import rows, scalar
from tests.support.histories import git
from tests.support.reference import Counts, shortstat
from tests.support.repositories import random_repository
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.db.engine import Database


def push(server: RunningServer, world: World, path: Path) -> dict[str, Any]:
    done = tgl("push", path, "--json", cwd=path, **world.environment(server.url))
    assert done.code == 0, done.err
    report: dict[str, Any] = done.json["repositories"][0]
    return report


def git_log(path: Path) -> dict[str, Counts]:
    """What `git log --shortstat` says of every commit."""
    return shortstat(path, "--branches", "HEAD", "-l1000")


async def stored(database: Database) -> dict[str, Counts]:
    found = await rows(database, "SELECT encode(sha, 'hex'), files_changed, additions, deletions FROM commits")
    return {sha: (files, additions, deletions) for sha, files, additions, deletions in found}


async def total_commits(database: Database) -> int:
    return int(await scalar(database, "SELECT total_commits FROM repo_states"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than 5,000 commits with merges, renames, binary files and deletions."""
    return random_repository(tmp_path_factory.mktemp("large") / "repo", commits=5200)


async def test_every_commit_of_a_large_history_arrives_with_the_numbers_of_git(
    server: RunningServer, world: World, database: Database, large: Path
) -> None:
    report = push(server, world, large)
    expected = git_log(large)
    assert await stored(database) == expected
    assert await total_commits(database) == report["sent"] == len(expected) > 5000
    assert int(git(large, "rev-list", "--count", "--all")) == len(expected)
    assert int(git(large, "rev-list", "--count", "--branches", "--min-parents=2")) > 100


async def test_a_second_push_sends_nothing(
    server: RunningServer, world: World, database: Database, large: Path
) -> None:
    push(server, world, large)
    again = push(server, world, large)
    assert (again["state"], again["sent"], again["walked"]) == ("nothing_new", 0, 0)


async def test_the_project_pushes_its_own_history(server: RunningServer, world: World, database: Database) -> None:
    own = Path(__file__).parents[2]
    if not (own / ".git").exists():
        pytest.skip("the tests do not run in a clone: there is no history to push")
    report = push(server, world, own)
    found, expected = await stored(database), git_log(own)
    assert await total_commits(database) == len(found) == len(expected) - report["held_back"]
    assert found == {sha: expected[sha] for sha in found}


async def test_new_commits_alone_are_sent(
    server: RunningServer, world: World, database: Database, tmp_path: Path
) -> None:
    path = random_repository(tmp_path / "repo", commits=50)
    push(server, world, path)
    git(path, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--allow-empty", "-m", "one more")
    assert push(server, world, path)["sent"] == 1
    assert await total_commits(database) == int(git(path, "rev-list", "--count", "--branches"))
