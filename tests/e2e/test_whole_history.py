"""The main job, end to end: the real `tgl push`, a real server, and git as the judge of every number."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.client.history.repositories import random_repository
from tests.servers import RunningServer
from tests.world import World
from tgl_server.db.engine import Database

Counts = tuple[int, int, int]

_STAT = re.compile(r"(\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?")


def tgl(server: RunningServer, world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    where = {"TGL_URL": server.url, "TGL_PROJECT": world.project, "TGL_REPO": world.repo, "TGL_API_KEY": world.key}
    command = [sys.executable, "-m", "tgl_client", *arguments]
    return subprocess.run(command, env={**os.environ, **where}, capture_output=True, text=True, check=False)


def push(server: RunningServer, world: World, path: Path) -> dict[str, Any]:
    done = tgl(server, world, "push", str(path), "--json")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)["repositories"][0]
    return report


def git(path: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(path), *arguments], capture_output=True, text=True, check=True).stdout


def shortstat(path: Path) -> dict[str, Counts]:
    """What `git log --shortstat` says of every commit: files, additions, deletions."""
    shown = git(path, "log", "--branches", "HEAD", "--shortstat", "--format=commit %H", "-l1000")
    found: dict[str, Counts] = {}
    sha = ""
    for line in shown.splitlines():
        if line.startswith("commit "):
            sha = line.removeprefix("commit ")
            found[sha] = (0, 0, 0)
        elif counted := _STAT.search(line):
            found[sha] = (int(counted[1]), int(counted[2] or 0), int(counted[3] or 0))
    return found


async def stored(database: Database) -> dict[str, Counts]:
    query = text("SELECT encode(sha, 'hex') AS sha, files_changed, additions, deletions FROM commits")
    async with database.statements() as connection:
        return {row.sha: (row.files_changed, row.additions, row.deletions) for row in await connection.execute(query)}


async def total_commits(database: Database) -> int:
    async with database.statements() as connection:
        return int(await connection.scalar(text("SELECT total_commits FROM repos")) or 0)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than 5,000 commits with merges, renames, binary files and deletions."""
    return random_repository(tmp_path_factory.mktemp("large") / "repo", commits=5200)


@pytest.mark.slow
async def test_every_commit_of_a_large_history_arrives_with_the_numbers_of_git(
    server: RunningServer, world: World, database: Database, large: Path
) -> None:
    report = push(server, world, large)
    expected = shortstat(large)
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
    found, expected = await stored(database), shortstat(own)
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
