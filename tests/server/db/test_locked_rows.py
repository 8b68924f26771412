"""A row that somebody holds locked: who waits for it, and with how many of the pool's connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.support.api import Answer, Api
from tests.support.bouncer import pgbouncer
from tests.support.commits import batch, commit
from tests.support.database import until_locks_wait
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World, add_world
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.db.row_turns import MAX_WAITING, RowTurns
from tgl_server.errors import Busy
from tgl_server.settings import Settings

ROW = uuid4()
#: A quarter of the pool that servers have by default.
AT_ONCE = (Settings().db_pool_size + Settings().db_max_overflow) // 4


@asynccontextmanager
async def _locked(database: Database, world: World) -> AsyncIterator[None]:
    """The row that counts the repository's commits is locked while the block runs."""
    async with database.transaction() as tx:
        await tx.execute(text("SELECT FROM repo_states WHERE repo_id = :id FOR UPDATE"), {"id": world.repo_id})
        yield


async def test_the_waiters_for_one_row_leave_the_pool_to_the_other_repositories(
    server: RunningServer, api: Api, world: World, database: Database
) -> None:
    other, too_many = await add_world(database, project="other", repo="other"), 7
    async with Api(server.url, other.key) as elsewhere:
        async with _locked(database, world):
            pushes = [asyncio.create_task(_push(api, world, n)) for n in range(AT_ONCE + MAX_WAITING + too_many)]
            await until_locks_wait(database, AT_ONCE)
            await until(lambda: sum(push.done() for push in pushes) >= too_many)
            assert (await _push(elsewhere, other, 0)).status == 201
            assert (await elsewhere.get(f"{world.sync_path}/status")).status == 200
            refused = [push.result() for push in pushes if push.done()]
        await asyncio.gather(*pushes)
    assert {(answer.status, answer.json["code"]) for answer in refused[:too_many]} == {(503, "busy")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert (await _push(api, world, 0)).status == 201


async def test_behind_a_pooler_a_push_does_not_wait_for_a_locked_row_without_end(
    start_server: Callable[..., RunningServer], postgres: EmbeddedPostgres, world: World, database: Database
) -> None:
    with pgbouncer(postgres) as url:
        server = start_server(database_url=f"{url}?pgbouncer=true")
        async with Api(server.url, world.key) as api:
            async with _locked(database, world):
                answer = await asyncio.wait_for(_push(api, world, 0), 60)
            assert (answer.status, answer.json["code"]) == (503, "unavailable")
            assert (await _push(api, world, 0)).status == 201


async def _push(api: Api, world: World, number: int) -> Answer:
    return await api.post(f"{world.sync_path}/commits", batch(commit(number)))


async def test_turns_for_one_row_are_bounded_and_those_for_another_are_not() -> None:
    turns, order = RowTurns(at_once=1, most_waiting=1), list[str]()

    async def wait() -> None:
        async with turns.turn(ROW):
            order.append("waited")

    async with turns.turn(ROW):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            async with turns.turn(ROW):
                pass
        async with turns.turn(uuid4()):
            order.append("another row")
    await waiting
    assert (order, len(turns)) == (["another row", "waited"], 0)


async def test_nobody_waits_for_a_turn_without_end() -> None:
    turns = RowTurns(at_once=1, longest=0.01)
    async with turns.turn(ROW):
        with pytest.raises(Busy):
            async with turns.turn(ROW):
                pass
    async with turns.turn(ROW):
        assert len(turns) == 1
    assert len(turns) == 0


async def test_who_disconnects_leaves_the_line() -> None:
    turns = RowTurns(at_once=1, most_waiting=1)
    async with turns.turn(ROW):
        leaving = asyncio.create_task(turns.turn(ROW).__aenter__())
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    assert len(turns) == 0
