"""How tables are kept: what only grows is vacuumed in small steps, what batches rewrite stays off the indexes."""

import asyncio
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.commits import batch, numbered
from tests.support.database import scalar, until_query
from tests.support.servers import running_server
from tests.support.world import make_world
from tgl_protocol.http import RUN_ID_HEADER
from tgl_server.db import migrate
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

_BATCHES = 60


@pytest.mark.parametrize("table", ["commits", "audit_logs"])
async def test_a_table_that_only_grows_is_vacuumed_by_new_rows_and_not_by_its_size(
    database: Database, table: str
) -> None:
    options = await scalar(database, f"SELECT reloptions FROM pg_class WHERE oid = '{table}'::regclass")
    assert set(options) == {
        "autovacuum_vacuum_insert_scale_factor=0",
        "autovacuum_vacuum_insert_threshold=100000",
        "autovacuum_freeze_min_age=0",
    }


async def test_batches_update_their_repository_and_run_without_touching_an_index(empty_url: str) -> None:
    """Counted in a database of its own, after the server's connections have reported and gone."""
    await asyncio.to_thread(migrate.upgrade, empty_url)
    world = await make_world(empty_url)
    run = {RUN_ID_HEADER: str(uuid4())}
    with running_server(database_url=empty_url) as server:
        async with Api(server.url, world.key) as api:
            for start in range(_BATCHES):
                answer = await api.post(f"{world.sync_path}/commits", batch(*numbered(1, start)), headers=run)
                assert answer.status == 201
    database = Database(Settings(database_url=empty_url))
    updates = "SELECT {} FROM pg_stat_user_tables WHERE relname = '{}'"
    for table, count in {"repo_states": _BATCHES, "sync_runs": _BATCHES - 1}.items():
        await until_query(database, updates.format(f"n_tup_upd >= {count}", table))
        assert await scalar(database, updates.format("n_tup_upd - n_tup_hot_upd", table)) == 0, table
    await database.close()
