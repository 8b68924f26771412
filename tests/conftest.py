"""What every test can ask for: a migrated database that is empty, and a real server over it.

One PostgreSQL and one server for a test process; rows are deleted before each test, as that takes 4 ms and a new
database 64. Tests share a database URL, never an engine: an engine belongs to the event loop that made it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from tests.api import Api
from tests.servers import RunningServer, running_server
from tests.world import World, make_world
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

# Tests lose nothing in a power cut.
FAST_POSTGRES = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test has to say although it passed, with `record_property("summary", ...)`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(f"{report.nodeid}: {value}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with embedded_postgres(tmp_path_factory.mktemp("postgres"), settings=FAST_POSTGRES) as postgres:
        yield postgres


@pytest.fixture(scope="session")
def migrated_url(postgres: EmbeddedPostgres) -> str:
    migrate.upgrade(postgres.dsn)
    return postgres.dsn


@pytest.fixture
def database_url(migrated_url: str) -> str:
    asyncio.run(_delete_rows(migrated_url))
    return migrated_url


@pytest.fixture(scope="session")
def shared_server(migrated_url: str) -> Iterator[RunningServer]:
    with running_server(database_url=migrated_url) as server:
        yield server


@pytest.fixture
def server(shared_server: RunningServer, database_url: str) -> RunningServer:
    """A real server process over an empty database."""
    assert shared_server.database_url == database_url
    return shared_server


@pytest.fixture
def start_server(database_url: str) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers of the test's own, over the same database, with settings as keywords."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running_server(**{"database_url": database_url, **settings}))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's own pool."""
    database = Database(Settings(database_url=database_url))
    yield database
    await database.close()


@pytest.fixture
def world(database_url: str) -> World:
    """A commissioner with a project, a repository and a key."""
    return asyncio.run(make_world(database_url))


@pytest.fixture
async def api(server: RunningServer, world: World) -> AsyncIterator[Api]:
    """Requests to the server with the world's key."""
    async with Api(server.url, world.key) as api:
        yield api


async def _delete_rows(url: str) -> None:
    database = Database(Settings(database_url=url))
    async with database.transaction() as tx:
        tables = await tx.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        )
        # Without foreign keys and without the trigger that keeps the audit log append-only.
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        for table in tables.all():
            await tx.execute(text(f"DELETE FROM {table}"))
    await database.close()
