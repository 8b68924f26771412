"""Root commits, as the first follower of the ingest log keeps them."""

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered, sha_of
from tests.support.database import execute, until_query
from tests.support.world import World, status_of
from tgl_protocol.http import MAX_ROOTS_SHOWN
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.followers.runner import catch_up
from tgl_server.roots.service import ROOTS, roots_of

ARE_FOLLOWED = "SELECT bool_and(m.seq = s.ingest_seq) FROM follower_marks m JOIN repo_states s USING (repo_id)"


async def roots(database: Database, world: World) -> set[str]:
    async with database.transaction() as tx:
        return {sha.hex() for sha in await roots_of(tx, RepoId(world.repo_id))}


@pytest.fixture
async def pushed(api: Api, world: World) -> Api:
    commits = commit("root", parent_count=0), *numbered(3), commit("grafted", parent_count=0)
    assert (await api.post(f"{world.sync_path}/commits", batch(*commits))).status == 201
    return api


async def test_a_server_keeps_the_roots_of_what_is_pushed(pushed: Api, world: World, database: Database) -> None:
    await until_query(database, ARE_FOLLOWED)
    assert await roots(database, world) == {sha_of("root"), sha_of("grafted")}


async def test_from_nothing_come_the_same_roots(pushed: Api, world: World, database: Database) -> None:
    await until_query(database, ARE_FOLLOWED)
    before = await roots(database, world)
    await execute(database, "DELETE FROM repo_roots")
    await execute(database, "UPDATE follower_marks SET seq = 0")
    await catch_up(database, [ROOTS])
    await until_query(database, ARE_FOLLOWED)
    assert await roots(database, world) == before


async def test_a_status_shows_some_roots(api: Api, world: World, database: Database) -> None:
    assert (await status_of(api, world))["roots"] == []
    commits = [commit(number, parent_count=0) for number in range(MAX_ROOTS_SHOWN + 1)]
    assert (await api.post(f"{world.sync_path}/commits", batch(*commits))).status == 201
    await until_query(database, ARE_FOLLOWED)
    shas = sorted(sha_of(number) for number in range(MAX_ROOTS_SHOWN + 1))
    assert (await status_of(api, world))["roots"] == shas[:MAX_ROOTS_SHOWN]
