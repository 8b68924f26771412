"""`tgl-server repos empty` and `prune`: what they take away, and that everything is right afterwards."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.command import tgl_server
from tests.support.commits import batch, commit, numbered, sha_of
from tests.support.database import audited, execute, rows, scalar, until_query
from tests.support.players import until_identified
from tests.support.world import World, status_of
from tgl_protocol.refs import refs_digest
from tgl_server.access.ids import RepoId
from tgl_server.access.names import HIDDEN_NAME
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.features import FOLLOWERS
from tgl_server.removals.service import Unreached, empty_repo, prune_repo, unreached_in
from tgl_server.verify.service import find_faults

TIMEOUT = timedelta(minutes=15)
MAIN = {"refs/heads/main": sha_of("c")}
ARE_FOLLOWED = "SELECT bool_and(m.seq = s.ingest_seq) FROM follower_marks m JOIN repo_states s USING (repo_id)"


def line(names: Iterable[str], **fields: Any) -> list[dict[str, Any]]:
    """Commits of which each has the one before as its parent."""
    found: list[dict[str, Any]] = []
    for name in names:
        parents = [found[-1]["sha"]] if found else []
        found.append(commit(name, parents=parents, parent_count=len(parents), **fields))
    return found


@pytest.fixture
async def pushed(api: Api, world: World) -> Api:
    """Three commits with a tip, and two more that no tip reaches any more."""
    await api.post(f"{world.sync_path}/commits", batch(*line("abc"), *line("xy", author_name="Eve\x1b[2J")))
    await api.put(f"{world.sync_path}/refs", {"refs": {**MAIN, "refs/heads/old": sha_of("y")}})
    await api.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/old": None}})
    return api


async def all_is_right(database: Database) -> bool:
    return await find_faults(database, TIMEOUT, FOLLOWERS) == []


async def roots(database: Database) -> list[str]:
    return [row.sha.hex() for row in await rows(database, "SELECT sha FROM repo_roots ORDER BY sha")]


async def prune(database: Database, world: World, *forgotten: str) -> int:
    async with database.transaction() as tx:
        seen = await unreached_in(tx, RepoId(world.repo_id), forgotten)
    async with database.transaction() as tx:
        return await prune_repo(tx, RepoId(world.repo_id), seen, Actor(), FOLLOWERS, forgotten)


async def test_an_emptied_repository_has_nothing_and_can_be_filled_again(
    pushed: Api, world: World, database: Database
) -> None:
    async with database.transaction() as tx:
        assert await empty_repo(tx, RepoId(world.repo_id), Actor(), FOLLOWERS) == 5
    assert await all_is_right(database)
    assert await scalar(database, ARE_FOLLOWED)
    status = await status_of(pushed, world)
    assert (status["status"], status["total_commits"], status["last_ingested_sha"]) == ("pending", 0, None)
    assert (status["refs"], status["refs_total"], status["refs_digest"]) == ({}, 0, refs_digest({}))
    assert status["roots"] == []
    asked = [sha_of(name) for name in "abcxy"]
    assert (await pushed.post(f"{world.sync_path}/missing", {"shas": asked})).json["missing"] == asked
    [entry] = await audited(database, "repo:emptied")
    assert entry.details == {"commits": 5, "tips": 1}
    assert (await pushed.post(f"{world.sync_path}/commits", batch(*line("abc")))).json["inserted"] == 3
    assert (await pushed.put(f"{world.sync_path}/refs", {"refs": MAIN})).status == 200
    await until_query(database, ARE_FOLLOWED)
    assert await roots(database) == [sha_of("a")]
    assert await all_is_right(database)


async def test_pruning_takes_what_no_tip_reaches(pushed: Api, world: World, database: Database) -> None:
    assert await prune(database, world) == 2
    assert await all_is_right(database)
    assert await roots(database) == [sha_of("a")]
    status = await status_of(pushed, world)
    assert (status["total_commits"], status["refs"], status["status"]) == (3, MAIN, "healthy")
    assert status["last_ingested_sha"] in {sha_of(name) for name in "abc"}
    [entry] = await audited(database, "repo:pruned")
    assert entry.details == {"commits": 2, "forgotten": []}
    assert await prune(database, world) == 0


async def test_a_tip_that_any_machine_recorded_keeps_its_commits(pushed: Api, world: World, database: Database) -> None:
    await pushed.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/theirs": sha_of("y")}})
    assert await prune(database, world) == 0
    assert await prune(database, world, "refs/heads/theirs") == 2
    assert (await status_of(pushed, world))["refs"] == MAIN
    assert await all_is_right(database)


INCOMPLETE = {
    "no tip is recorded": ("DELETE FROM repo_refs", "UPDATE repo_states SET refs_total = 0"),
    "a push is running": ("UPDATE repo_states SET sync_status = 'syncing'",),
    "the last push failed": ("UPDATE repo_states SET sync_status = 'error'",),
    "a parent is not stored": ("DELETE FROM commits WHERE message_title = 'commit b'",),
    "a tip is not stored": ("UPDATE repo_refs SET sha = decode(repeat('ab', 20), 'hex')",),
    "parents were not sent": ("UPDATE commits SET parents = NULL WHERE message_title = 'commit b'",),
    "a later push recorded nothing": (
        "UPDATE commits SET ingested_at = now() + interval '1 h' WHERE message_title = 'commit y'",
    ),
}


@pytest.mark.parametrize("why", INCOMPLETE)
async def test_nothing_is_pruned_where_the_tips_do_not_tell(
    why: str, pushed: Api, world: World, database: Database
) -> None:
    await execute(database, *INCOMPLETE[why])
    before = await scalar(database, "SELECT count(*) FROM commits")
    with pytest.raises(ServerError):
        await prune(database, world)
    assert await scalar(database, "SELECT count(*) FROM commits") == before


async def test_a_whole_history_is_told_from_an_abandoned_branch(pushed: Api, world: World, database: Database) -> None:
    repo_id = RepoId(world.repo_id)
    async with database.transaction() as tx:
        assert (await unreached_in(tx, repo_id)).roots == [sha_of("x")]
    await prune(database, world)
    await pushed.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/main": sha_of("b")}})
    async with database.transaction() as tx:
        seen = await unreached_in(tx, repo_id)
    assert (seen.commits, seen.roots) == (1, [])


async def test_what_was_pushed_after_the_look_is_not_pruned(pushed: Api, world: World, database: Database) -> None:
    async with database.transaction() as tx:
        seen: Unreached = await unreached_in(tx, RepoId(world.repo_id))
    await pushed.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/again": sha_of("y")}})
    async with database.transaction() as tx:
        with pytest.raises(ServerError, match="meanwhile"):
            await prune_repo(tx, RepoId(world.repo_id), seen, Actor(), FOLLOWERS)


async def test_a_branch_that_a_clone_behind_set_back_keeps_its_newest_commits(
    pushed: Api, world: World, database: Database, database_url: str
) -> None:
    """What continues a recorded tip is not abandoned: a clone that is behind pushed last."""
    assert await prune(database, world) == 2
    await pushed.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/main": sha_of("b")}})
    async with database.transaction() as tx:
        seen = await unreached_in(tx, RepoId(world.repo_id))
    assert (seen.commits, seen.continued) == (1, ["refs/heads/main"])
    refused = tgl_server("repos", "prune", "demo", "first", "--yes", DATABASE_URL=database_url)
    assert refused.code == 1
    assert "continue the recorded tip of refs/heads/main, as where a clone that is behind pushed last" in refused.err
    done = tgl_server("repos", "prune", "demo", "first", "--yes", "--set-back", DATABASE_URL=database_url)
    assert (done.code, "Deleted 1 commits" in done.out) == (0, True)


async def test_a_long_line_and_many_merges_are_reached_whole(api: Api, world: World, database: Database) -> None:
    """As many steps as commits, and each of them one look-up."""
    commits = line(map(str, range(3000)))
    for number in range(10, 3000, 10):
        commits[number]["parents"].append(commits[number - 5]["sha"])
        commits[number] |= {"parent_count": 2, "is_merge": True}
    for start in range(0, 3000, 1000):
        await api.post(f"{world.sync_path}/commits", batch(*commits[start : start + 1000]))
    await api.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/main": commits[-1]["sha"]}})
    assert await prune(database, world) == 0
    await api.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/main": commits[1000]["sha"]}})
    assert await prune(database, world) == 1999


async def test_who_is_hidden_is_not_named_by_the_list(pushed: Api, world: World, database: Database) -> None:
    await until_identified(database)
    await execute(database, "UPDATE players SET visibility = 'hidden'")
    async with database.transaction() as tx:
        seen = await unreached_in(tx, RepoId(world.repo_id))
    assert {each.author_name for each in seen.newest} == {HIDDEN_NAME}


async def test_the_commands_list_first_and_delete_only_when_told(
    pushed: Api, world: World, database: Database, database_url: str
) -> None:
    refused = tgl_server("repos", "prune", "demo", "first", DATABASE_URL=database_url)
    assert (refused.code, "add --yes to do it" in refused.err) == (1, True)
    assert "reach 3 commits, and not 2, from 2026-01-02 to 2026-01-02" in refused.out
    assert f"{sha_of('y')[:12]}  2026-01-02  Eve\\u001b[2J  commit y" in refused.out
    assert f"Among them are whole histories, which begin with {sha_of('x')[:12]}." in refused.out
    done = tgl_server("repos", "prune", "demo", "first", "--yes", DATABASE_URL=database_url)
    assert (done.code, "Deleted 2 commits of demo/first" in done.out) == (0, True)
    refused = tgl_server("repos", "empty", "demo", "first", DATABASE_URL=database_url)
    assert (refused.code, "add --yes to do it" in refused.err) == (1, True)
    assert "demo/first has 3 commits, from 2026-01-02 to 2026-01-02" in refused.out
    assert f"{sha_of('c')[:12]}  refs/heads/main" in refused.out
    assert await scalar(database, "SELECT count(*) FROM commits") == 3
    done = tgl_server("repos", "empty", "demo", "first", "--yes", DATABASE_URL=database_url)
    assert (done.code, "Deleted 3 commits of demo/first" in done.out) == (0, True)
    assert await all_is_right(database)
    nowhere = tgl_server("repos", "empty", "demo", "nowhere", "--yes", DATABASE_URL=database_url)
    assert "has no repository nowhere" in nowhere.err
    untipped = tgl_server("repos", "prune", "demo", "first", "--yes", DATABASE_URL=database_url)
    assert (untipped.code, "no branch tip is left on record" in untipped.err) == (1, True)


async def test_emptying_under_pushes_at_full_speed_leaves_everything_right(
    api: Api, world: World, database: Database
) -> None:
    """Each batch is stored before, and goes, or after, and stays and counts."""
    is_over = asyncio.Event()

    async def push(pusher: int) -> None:
        start = 0
        while not is_over.is_set():
            commits = numbered(20, pusher * 1_000_000 + start % 200)
            assert (await api.post(f"{world.sync_path}/commits", batch(*commits))).status == 201
            start += 20

    pushes = [asyncio.create_task(push(number)) for number in range(3)]
    for _ in range(5):
        await until_query(database, "SELECT total_commits > 0 FROM repo_states")
        async with database.transaction() as tx:
            assert await empty_repo(tx, RepoId(world.repo_id), Actor(), FOLLOWERS) > 0
    is_over.set()
    await asyncio.gather(*pushes)
    await until_query(database, ARE_FOLLOWED)
    assert await all_is_right(database)
