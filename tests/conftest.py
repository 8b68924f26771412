"""What every test can ask for: a migrated database that is empty, a real server over it, and a repository to push.

One PostgreSQL and one server for a test process; rows are deleted before each test, as that takes 4 ms and a new
database 64. Tests share a database URL, never an engine: an engine belongs to the event loop that made it. What is
prepared before a test has a loop and an engine of its own, which are kept.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.database import delete_all_rows
from tests.support.forking import AT_START
from tests.support.histories import make_repository
from tests.support.postgres import FAST_POSTGRES
from tests.support.servers import RunningServer, running_server
from tests.support.world import World, add_world
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

# A server imports a thousand modules, twice. Where no bytecode may be written beside them, compiling these is most of a
# test run: it is kept apart instead, for the workers and the servers that this process starts.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parents[1] / ".cache" / "pycache")
# What a command prints into a file is seen when it says so, as it is where our users are.
os.environ.pop("PYTHONUNBUFFERED", None)
AT_START.clear()
AT_START.update(os.environ)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for processes, clocks and the network."""
    return (os.cpu_count() or 1) + 1


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


@pytest.fixture(scope="session")
def own_loop() -> Iterator[asyncio.Runner]:
    """An event loop beside those of the tests, for what is prepared before each of them."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def own_pool(migrated_url: str, own_loop: asyncio.Runner) -> Iterator[Database]:
    """Connections that are kept from test to test, on the loop beside them."""
    database = Database(Settings(database_url=migrated_url))
    yield database
    own_loop.run(database.close())


@pytest.fixture
def database_url(migrated_url: str, own_loop: asyncio.Runner, own_pool: Database) -> str:
    """An empty database."""
    own_loop.run(delete_all_rows(own_pool))
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
def world(database_url: str, own_loop: asyncio.Runner, own_pool: Database) -> World:
    """A commissioner with a project, a repository and a key."""
    return own_loop.run(add_world(own_pool))


@pytest.fixture
async def api(server: RunningServer, world: World) -> AsyncIterator[Api]:
    """Requests to the server with the world's key."""
    async with Api(server.url, world.key) as api:
        yield api


@pytest.fixture
def tgl_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private place for login, locks and reports; no setting comes from outside."""
    for name in ("TGL_URL", "TGL_API_KEY", "TGL_PROJECT", "TGL_REPO", "TGL_CONFIG", "TGL_UPDATE_NOTICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TGL_HOME", str(tmp_path / "tgl"))
    return tmp_path / "tgl"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits on one branch."""
    return make_repository(tmp_path / "work", 3)
