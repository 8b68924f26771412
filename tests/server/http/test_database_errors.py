"""States of the database that are no bug: whatever a statement meets, the client is told to come back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import changes_fail, execute, scalar
from tests.support.databases import opened, own_database
from tests.support.servers import RunningServer, running_server
from tests.support.world import World, make_world
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database

#: What each stands for; the classes are PostgreSQL's.
STATES = {
    "08006": "connection failure",
    "25006": "read-only transaction",
    "28P01": "invalid password",
    "40001": "serialization failure",
    "40P01": "deadlock",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "55P03": "lock not available",
    "57014": "statement timeout",
    "57P01": "admin shutdown",
    "57P03": "cannot connect now",
    "58030": "I/O error",
}
PLACES = {
    "copying rows": ("commits", "INSERT"),
    "counting": ("repo_states", "UPDATE"),
    "the run": ("sync_runs", "INSERT"),
}


@pytest.fixture
async def failing(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A table whose changes fail with a state."""
    (table, change), code = PLACES[request.param[0]], request.param[1]
    async with changes_fail(database, table, change, code):
        yield code


CASES = [("counting", code) for code in STATES] + [(place, code) for place in PLACES for code in ("53100", "57014")]


@pytest.mark.parametrize("failing", CASES, indirect=True, ids=[f"{code} {place}" for place, code in CASES])
async def test_a_push_is_told_to_come_back_and_nothing_is_stored(
    failing: str, server: RunningServer, api: Api, world: World, database: Database
) -> None:
    mark = f"met-{failing}-{id(failing)}"
    answer = await api.post(f"{world.sync_path}/commits", batch(commit()), headers={"X-Request-Id": mark})
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    logged = await server.logged(mark)
    assert failing in logged
    assert "Traceback" not in logged
    assert await scalar(database, "SELECT count(*) FROM commits") == 0


async def test_a_row_that_stays_locked_does_not_use_up_the_pool(
    server: RunningServer, api: Api, world: World, database: Database
) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("SELECT FROM repo_states FOR UPDATE"))
        answer = await api.post(f"{world.sync_path}/commits", batch(commit()))
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert (await api.post(f"{world.sync_path}/commits", batch(commit()))).status == 201


async def test_a_database_that_takes_no_writes_is_not_ready(postgres: EmbeddedPostgres) -> None:
    async with own_database(postgres) as url:
        await asyncio.to_thread(migrate.upgrade, url)
        world = await make_world(url)
        async with opened(url) as database:
            name = await scalar(database, "SELECT current_database()")
            with running_server(database_url=url) as server:
                await execute(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
                await execute(
                    database,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'tgl-server' AND datname = current_database() "
                    "AND pid <> pg_backend_pid()",
                )
                async with Api(server.url, world.key) as api:
                    # The pool finds out one by one that its connections have ended.
                    ready = [await api.get("/ready") for _ in range(10)][-1]
                    pushed = await api.post(f"{world.sync_path}/commits", batch(commit()))
    assert (ready.status, pushed.status) == (503, 503)
    assert "takes no writes" in ready.json["detail"]
    assert "takes no writes" in pushed.json["detail"]
