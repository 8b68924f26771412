"""The server behind PgBouncer in transaction mode, where every transaction may meet another server connection."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.api import Api
from tests.commits import batch, numbered, sha_of
from tests.server.operations.bouncer import pgbouncer
from tests.server.operations.waiting import scalar
from tests.servers import RunningServer
from tests.world import World
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.embedded.cluster import DATABASE
from tgl_server.db.engine import Database
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
    assert await scalar(database, "SELECT total_commits FROM repos") == 300 + 4 * 200
    assert await find_faults(database, timedelta(minutes=15)) == []


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
    done = _tgl_server(bouncer_url, "serve", "--port", "0")
    assert done.returncode == 1
    assert "?pgbouncer=true" in done.stderr
    assert "Traceback" not in done.stderr


async def test_migrations_run_through_pgbouncer(database: Database, bouncer_url: str) -> None:
    name = f"bounced_{uuid4().hex}"
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = f"{bouncer_url.removesuffix(DATABASE)}{name}?pgbouncer=true"
    for _ in range(2):
        done = _tgl_server(url, "migrate")
        assert (done.returncode, done.stderr) == (0, "")
    migrated = Database(Settings(database_url=url))
    assert await scalar(migrated, "SELECT count(*) FROM repos") == 0
    await migrated.close()


def _tgl_server(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tgl_server", *arguments],
        env={**os.environ, "DATABASE_URL": database_url, "SECRET_KEY": "x" * 40},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
