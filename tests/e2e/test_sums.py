"""The sums of a repository that the real `tgl push` sent equal those of `git log --numstat`, whatever happens after.

`HISTORIES=/path/one:/path/two pytest -m slow tests/e2e/test_sums.py` judges other repositories too.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.api import Api
from tests.support.command import tgl
from tests.support.database import scalar
from tests.support.pushing import stored
from tests.support.repositories import commit, empty_repository, git, imported
from tests.support.servers import RunningServer
from tests.support.sums import count_sums, counted_by_git, held, until_followed
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.activity.service import ACTIVITY
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.service import follow_anew
from tgl_server.projects.service import delete_repo
from tgl_server.removals.service import prune_repo, unreached_in

OWN = Path(__file__).parents[2]
HISTORIES = [path for path in os.environ.get("HISTORIES", "").split(":") if path]
AUTHORS = "Ada <Ada@Example.com>", "Ada L. <ada@example.com>", "Ben <ben@example.com>", "Zoe <zoe@Ämter.example>", " <>"
COMMITS = 300
#: The last ones are on a branch of their own, which is never merged.
LOST = 40
# Marks are minutes in the stream that is made: as many as these lie between two commits.
APART = 997


def history() -> Iterator[bytes]:
    """Most of a year, by several spellings of addresses, with binary files and a merge now and then."""
    main = 0
    for n in range(1, COMMITS + 1):
        mark, author = n * APART, AUTHORS[n % len(AUTHORS)]
        lines = b"".join(b"%d\n" % (line * n % 7) for line in range(n % 50))
        files = {f"file{n % 9}": lines, f"binary{n % 5}": b"\0%d" % n}
        if n > COMMITS - LOST:
            start = main if n == COMMITS - LOST + 1 else None
            yield commit("refs/heads/lost", mark, author=author, parent=start, files=files)
        elif n % 10 == 8:
            yield commit("refs/heads/side", mark, author=author, parent=main, files=files)
        elif n % 10 == 9:
            yield commit("refs/heads/main", mark, author=author, parent=main, merged=[mark - APART])
            main = mark
        else:
            yield commit("refs/heads/main", mark, author=author, first=n == 1, files=files)
            main = mark


def push(server: RunningServer, world: World, path: Path) -> None:
    done = tgl("push", path, "--json", cwd=path, **world.environment(server.url))
    assert done.code == 0, done.err


async def check(database: Database, world: World, path: Path) -> None:
    """The sums are git's, of those commits that are stored."""
    await until_followed(database)
    expected = counted_by_git(path, await stored(database))
    assert await held(database, world.repo_id) == expected
    assert sum(row[0] + row[1] for row in expected["repo_weeks"].values()) == len(await stored(database)) > 0


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return imported(tmp_path / "made", history(), bare=True)


async def test_sums_are_those_of_git(server: RunningServer, world: World, database: Database, made: Path) -> None:
    push(server, world, made)
    await check(database, world, made)
    assert len(await stored(database)) == COMMITS
    merges = await scalar(database, "SELECT sum(merges) FROM repo_days")
    assert merges == int(git(made, "rev-list", "--count", "--branches", "--min-parents=2")) > 20


async def test_sums_are_those_of_git_after_a_prune_a_rebuild_and_a_deletion(
    server: RunningServer, world: World, database: Database, api: Api, made: Path
) -> None:
    push(server, world, made)
    await until_followed(database)
    pruned = RepoId(world.repo_id), ["refs/heads/lost"]
    async with database.transaction() as tx:
        seen = await unreached_in(tx, *pruned)
    async with database.transaction() as tx:
        assert await prune_repo(tx, pruned[0], seen, Actor(), FOLLOWERS, pruned[1]) == LOST
    await check(database, world, made)
    async with database.transaction() as tx:
        await follow_anew(tx, ACTIVITY, RepoId(world.repo_id))
    await check(database, world, made)
    async with database.transaction() as tx:
        await delete_repo(tx, RepoId(world.repo_id), Actor(), FOLLOWERS)
    assert await count_sums(database) == 0
    answer = await api.post(f"/api/v1/projects/{world.project}/repos", {"name": world.repo})
    assert answer.status == 201, answer.body
    push(server, world, made)
    await check(database, replace(world, repo_id=UUID(answer.json["id"])), made)
    assert len(await stored(database)) == COMMITS


async def test_sums_of_the_project_s_own_history_are_those_of_git(
    server: RunningServer, world: World, database: Database, tmp_path: Path
) -> None:
    """Of a copy, as its branches may move meanwhile."""
    if not (OWN / ".git").exists():
        pytest.skip("the tests do not run in a clone: there is no history to push")
    own = empty_repository(tmp_path / "own", bare=True)
    git(own, "fetch", "-q", str(OWN), "HEAD:refs/heads/main")
    push(server, world, own)
    await check(database, world, own)


@pytest.mark.slow
@pytest.mark.parametrize("path", HISTORIES)
async def test_sums_of_other_histories_are_those_of_git(
    server: RunningServer, world: World, database: Database, path: str
) -> None:
    push(server, world, Path(path))
    await check(database, world, Path(path))
