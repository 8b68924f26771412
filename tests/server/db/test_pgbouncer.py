"""The server behind PgBouncer in transaction mode, where every transaction may meet another server connection."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.bouncer import pgbouncer
from tests.support.command import tgl_server
from tests.support.commits import batch, numbered, sha_of
from tests.support.database import scalar
from tests.support.servers import SECRET_KEY, RunningServer
from tests.support.world import World
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.embedded.cluster import DATABASE
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.settings import Settings
from tgl_server.verify.service import find_faults


@pytest.fixture(scope="module")
def bouncer_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    with pgbouncer(postgres) as url:
        yield url


async def test_pushes_through_pgbouncer_are_stored_exactly(
    start_server: Callable[..., RunningServer], world: World, database: Database, bouncer_url: str
) -> None:
    server = start_server(database_url=f"{bouncer_url}?pgbouncer=true")
    async with Api(server.url, world.key) as api:
        await asyncio.gather(*(_push_all(api, world, first) for first in (0, 100, 1000, 2000, 3000, 4000)))
    # Of the first two, half are the same commits.
    assert await scalar(database, "SELECT total_commits FROM repo_states") == 300 + 4 * 200
    assert await find_faults(database, timedelta(minutes=15), FOLLOWERS) == []


async def _push_all(api: Api, world: World, first: int) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    for start in range(first, first + 200, 20):
        shas = [sha_of(number) for number in range(start, start + 20)]
        answers = [
            await api.post(f"{world.sync_path}/missing", {"shas": shas}),
            await api.post(f"{world.sync_path}/commits", batch(*numbered(20, start)), headers=run),
            await api.put(f"{world.sync_path}/refs", {"refs": {f"refs/heads/{first}": shas[-1]}}, headers=run),
            await api.get(f"{world.sync_path}/status"),
            await api.get(f"{world.sync_path}/runs"),
        ]
        assert [answer.status for answer in answers] == [200, 201, 200, 200, 200]


def test_a_pooler_that_was_not_named_is_refused_at_start(database_url: str, bouncer_url: str) -> None:
    done = tgl_server("serve", "--port", "0", DATABASE_URL=bouncer_url, SECRET_KEY=SECRET_KEY)
    assert (done.code, "?pgbouncer=true" in done.err) == (1, True), done.err


async def test_migrations_run_through_pgbouncer(database: Database, bouncer_url: str) -> None:
    name = f"bounced_{uuid4().hex}"
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = f"{bouncer_url.removesuffix(DATABASE)}{name}?pgbouncer=true"
    for _ in range(2):
        done = tgl_server("migrate", DATABASE_URL=url)
        assert (done.code, done.err) == (0, "")
    migrated = Database(Settings(database_url=url))
    assert await scalar(migrated, "SELECT count(*) FROM repos") == 0
    await migrated.close()
