"""A PostgreSQL of the test's own that stops while it is asked, and one that has no connection left."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import until_query
from tests.support.servers import RunningServer, running_server
from tests.support.waiting import until
from tests.support.world import World, make_world
from tgl_server.db import migrate
from tgl_server.db.embedded import embedded_postgres
from tgl_server.db.engine import Database

ONE_WAITS = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'"


async def test_a_database_that_stops_answers_503_at_every_step(tmp_path: Path) -> None:
    """It waits for one session (PostgreSQL's smart shutdown), and takes no other."""
    with embedded_postgres(tmp_path / "postgres", settings={"fsync": "off"}) as postgres:
        await asyncio.to_thread(migrate.upgrade, postgres.dsn)
        world = await asyncio.to_thread(lambda: asyncio.run(make_world(postgres.dsn)))
        with running_server(database_url=postgres.dsn, sweep_seconds=3600) as server:
            staying = await asyncpg.connect(postgres.libpq_dsn)
            await _end_others(staying)
            os.kill(postgres.postmaster_pid, signal.SIGTERM)
            await until(lambda: _takes_no_more(postgres.libpq_dsn))
            async with Api(server.url, world.key) as api:
                # The first finds out that its connection is gone, and the others that there is no new one.
                answers = [await api.get(f"{world.sync_path}/status") for _ in range(3)]
            await staying.close()
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(503, "unavailable")] * 3


async def _end_others(connection: asyncpg.Connection) -> None:
    """Those of the server's pool, so that it has to open one."""
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'tgl-server' AND pid <> pg_backend_pid()"
    )


async def _takes_no_more(dsn: str) -> bool:
    try:
        await (await asyncpg.connect(dsn)).close()
    except asyncpg.CannotConnectNowError:
        return True
    return False


async def test_a_request_that_waits_too_long_for_a_connection_is_told_so(
    start_server: Callable[..., RunningServer], world: World, database: Database
) -> None:
    """The one connection is held by a push that waits for its repository's row."""
    server = start_server(db_pool_size=1, db_max_overflow=0, db_pool_timeout=1)
    async with Api(server.url, world.key) as api:
        async with database.transaction() as tx:
            await tx.execute(text("SELECT 1 FROM repo_states FOR UPDATE"))
            pushing = asyncio.create_task(api.post(f"{world.sync_path}/commits", batch(commit())))
            await until_query(database, ONE_WAITS)
            answer = await api.get(f"{world.sync_path}/status")
        assert (answer.status, answer.json["code"]) == (503, "unavailable")
        assert answer.json["detail"] == "All connections to the database are in use; try again."
        assert (await pushing).status == 201
