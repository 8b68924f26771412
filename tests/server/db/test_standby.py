"""A server with a standby, which answers what may be some seconds old and never decides who may see what."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.commits import batch, numbered
from tests.support.database import execute, scalar, until_query
from tests.support.metrics import scrape, value
from tests.support.postgres import FAST_POSTGRES, kill_postmaster
from tests.support.servers import RunningServer, running_server
from tests.support.standbys import standby_of
from tests.support.waiting import until
from tests.support.world import World
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.errors import StartupError
from tgl_server.settings import Settings


@pytest.fixture(scope="module")
def standby(postgres: EmbeddedPostgres, migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    assert migrated_url
    with standby_of(postgres, tmp_path_factory.mktemp("standby")) as standby:
        yield standby


@pytest.fixture(scope="module")
def reading_server(standby: EmbeddedPostgres, migrated_url: str) -> Iterator[RunningServer]:
    with running_server(
        database_url=migrated_url, database_read_url=standby.dsn, metrics_access="open", log_format="json"
    ) as server:
        yield server


@pytest.fixture
async def standby_pool(standby: EmbeddedPostgres) -> AsyncIterator[Database]:
    database = Database(Settings(database_url=standby.dsn))
    yield database
    await database.close()


async def workers(server: RunningServer, state: str) -> float:
    async with Api(server.url) as api:
        return value(await scrape(api), "tgl_standby_workers", state=state)


async def test_the_standby_answers_what_may_be_old_and_decides_no_rights(
    reading_server: RunningServer, world: World, database: Database, standby_pool: Database
) -> None:
    repo = f"/api/v1/projects/{world.project}/repos/{world.repo}"
    async with Api(reading_server.url, world.key) as api:

        async def commits() -> int:
            return len((await api.get(f"{repo}/commits/")).json["items"])

        async def names() -> set[str]:
            return {each["author_name"] for each in (await api.get(f"{repo}/contributors")).json["items"]}

        await until(lambda: workers(reading_server, "used"))
        await api.post(f"{world.sync_path}/commits", batch(*numbered(2)))
        await until(names)
        await until_query(standby_pool, "SELECT count(*) = 2 FROM commits")
        await execute_alone(standby_pool, "SELECT pg_wal_replay_pause()")
        try:
            await api.post(f"{world.sync_path}/commits", batch(*numbered(1, 10)))
            assert (await api.get(f"{world.sync_path}/status")).json["total_commits"] == 3
            assert await commits() == 2
            await execute(database, "UPDATE players SET visibility = 'hidden'")
            assert await names() == set()
            await execute(database, "UPDATE api_keys SET is_active = false, revoked_at = now()")
            assert (await api.get(f"{repo}/commits/")).status == 401
            await execute(database, "UPDATE api_keys SET is_active = true, revoked_at = NULL")
        finally:
            await execute_alone(standby_pool, "SELECT pg_wal_replay_resume()")

        async def is_caught_up() -> bool:
            return await commits() == 3

        await until(is_caught_up)


async def test_without_the_standby_the_primary_answers_and_it_is_used_again(
    reading_server: RunningServer, world: World, standby: EmbeddedPostgres
) -> None:
    activity = f"/api/v1/projects/{world.project}/repos/{world.repo}/activity"
    await until(lambda: workers(reading_server, "used"))
    kill_postmaster(standby.postmaster_pid)
    async with Api(reading_server.url, world.key) as api:
        answers = await asyncio.gather(*(api.get(activity) for _ in range(20)))
        assert {answer.status for answer in answers} == {200}
    await until(lambda: workers(reading_server, "not_used"))
    assert len(reading_server.logged_fields(event="standby_not_used", fault="away")) == 1
    with embedded_postgres(standby.data_dir, settings=FAST_POSTGRES):
        await until(lambda: workers(reading_server, "used"))
    assert reading_server.logged_fields(event="standby_used")


async def test_what_can_never_be_used_is_refused_at_start(
    postgres: EmbeddedPostgres, standby: EmbeddedPostgres, database_url: str
) -> None:
    other = standby.dsn.replace("/thegitleague?", "/postgres?")
    urls = {postgres.dsn: "takes writes", other: "standby of another database", "mysql://x": "names mysql"}
    with embedded_postgres(standby.data_dir, settings=FAST_POSTGRES):
        for url, said in urls.items():
            with pytest.raises(StartupError, match=f"DATABASE_READ_URL.*{said}"):
                await check(Settings(database_url=database_url, database_read_url=url))


async def check(settings: Settings) -> None:
    database = Database(settings)
    assert database.standby is not None
    try:
        async with database.statements() as primary:
            await database.standby.check(primary)
    finally:
        await database.close()


async def execute_alone(database: Database, statement: str) -> None:
    """What no standby does in a transaction that sets something."""
    await scalar(database, statement)
