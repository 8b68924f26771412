"""A database of its own, as the servers that other tests share would send its messages, and a receiver."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.support.database import delete_all_rows, rows
from tests.support.databases import create_database, opened
from tests.support.people import People, Person, make_project, make_repo
from tests.support.receiver import Receiver, running_receiver
from tests.support.servers import RunningServer, running_server
from tests.support.world import World, add_world
from tgl_protocol.endpoints import EndpointSecret, NewEndpoint
from tgl_protocol.events import EventType, RepoBehind
from tgl_server.access.ids import ProjectId
from tgl_server.audit.service import Actor
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.endpoints.delivering import Attempt, Sender, make_messages
from tgl_server.endpoints.service import create_endpoint
from tgl_server.events.relay import relay
from tgl_server.events.service import record_event
from tgl_server.outbound.addresses import Reach
from tgl_server.outbound.posting import PostPolicy
from tgl_server.sealing.sealer import Sealer, new_key

LOOPBACK = PostPolicy(reach=Reach(networks=(ip_network("127.0.0.0/8"),)), allow_http=True)


class Outside:
    """The outside of a project: its endpoints, its events, and sending them as time passes."""

    def __init__(self, database: Database, world: World, key: str) -> None:
        self.database, self.world, self.key = database, world, key
        self.sealer, self.now = Sealer([key]), datetime.now(UTC)
        self.sender = self.make_sender()

    def make_sender(self, policy: PostPolicy = LOOPBACK) -> Sender:
        return Sender(self.database, self.sealer, policy, Random(1))

    async def endpoint(self, url: str, types: list[EventType] | None = None) -> EndpointSecret:
        async with self.database.transaction() as tx:
            wanted = NewEndpoint(url=url, types=types)
            project_id = ProjectId(self.world.project_id)
            return await create_endpoint(tx, self.sealer, LOOPBACK, project_id, wanted, Actor(self.world.user_id))

    async def happen(self, repo_id: UUID | None = None, type_: EventType = EventType.REPO_BEHIND) -> None:
        """Something happens in a repository, and messages are made of it."""
        async with self.database.transaction() as tx:
            data = RepoBehind(behind_since=datetime.now(UTC))
            await record_event(tx, type_, data, repo_id=repo_id or self.world.repo_id)
        await self.relay()

    async def relay(self) -> None:
        while await relay(self.database):
            pass
        while await make_messages(self.database):
            pass

    async def send(self) -> int:
        """Send all that is due now, and what becomes due by that; the number of attempts."""
        total = 0
        while sent := await self.sender.send_due(self.moment()):
            total += sent
        return total

    def moment(self) -> datetime:
        """The time that has passed, and at least the real one."""
        self.now = max(self.now, datetime.now(UTC))
        return self.now

    async def claim(self) -> list[Attempt]:
        """Lease all that is due, as far as one may."""
        return await self.sender.claim(100, self.moment())

    async def later(self, **time: float) -> int:
        """Let time pass, and send."""
        self.now += timedelta(**time)
        return await self.send()

    async def deliveries(self) -> list[Any]:
        return await rows(self.database, "SELECT * FROM endpoint_deliveries ORDER BY n")

    async def states(self) -> list[str]:
        return [delivery.state for delivery in await self.deliveries()]


@pytest.fixture(scope="session")
def endpoints_url(postgres: EmbeddedPostgres) -> str:
    with asyncio.Runner() as runner:
        url: str = runner.run(create_database(postgres))
    migrate.upgrade(url)
    return url


@pytest.fixture
async def outside(endpoints_url: str) -> AsyncIterator[Outside]:
    async with opened(endpoints_url) as database:
        await delete_all_rows(database)
        yield Outside(database, await add_world(database), new_key())


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as receiver:
        yield receiver


def serve(outside: Outside, url: str, stack: ExitStack) -> RunningServer:
    server = running_server(
        database_url=url,
        secrets_keys=outside.key,
        endpoints_allowed_networks="127.0.0.0/8",
        endpoints_allow_http="true",
    )
    return stack.enter_context(server)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def sending_server(outside: Outside, endpoints_url: str, stack: ExitStack) -> RunningServer:
    return serve(outside, endpoints_url, stack)


@pytest.fixture
async def maintainer(sending_server: RunningServer, outside: Outside) -> AsyncIterator[Person]:
    async with AsyncExitStack() as stack:
        ada = await People(sending_server, outside.database, stack).make("ada")
        await make_repo(ada, await make_project(ada))
        yield ada
