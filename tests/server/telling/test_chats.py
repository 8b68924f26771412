"""Chats hear of events through a real receiver: once, in one message, and again where they were away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from tests.server.telling.conftest import FAILED, RECOVERED, STALE, Teller
from tests.support.database import count, every_row, execute, rows, scalar
from tests.support.metrics import counted_here
from tests.support.receiver import Receiver, running_receiver
from tests.support.world import World
from tgl_protocol.chat import ChatKind, NewChatHook
from tgl_protocol.events import EventType
from tgl_server.access.ids import ProjectId
from tgl_server.audit.service import Actor
from tgl_server.chat import service
from tgl_server.chat.telling import follow_events, send_due
from tgl_server.db.engine import Database
from tgl_server.outbound.addresses import Reach
from tgl_server.outbound.posting import PostPolicy
from tgl_server.sealing.sealer import Sealer, new_key

POLICY = PostPolicy(reach=Reach(networks=(ip_network("127.0.0.0/8"),)), allow_http=True, seconds=20)
ORIGIN = "https://league.example"


class Chat:
    """A chat of the world's project, and what is told to it when a test says so."""

    def __init__(self, teller: Teller, receiver: Receiver) -> None:
        self.teller, self.receiver, self.sealer = teller, receiver, Sealer([new_key()])
        self.url = f"{receiver.url}/services/T00000000/B00000000/s3cret-of-the-chat"

    async def make(self, kind: ChatKind = ChatKind.SLACK, **more: Any) -> None:
        project_id = await scalar(self.teller.database, "SELECT id FROM projects")
        new = NewChatHook(kind=kind, url=self.url, **more)
        async with self.teller.database.transaction() as tx:
            await service.create_hook(tx, self.sealer, POLICY, ProjectId(project_id), new, Actor())

    async def tell(self, policy: PostPolicy = POLICY) -> int:
        """The number of messages, taken or not."""
        await self.teller.follow(sends_mail=False)
        while await follow_events(self.teller.database):
            pass
        sent = 0
        while await send_due(self.teller.database, self.sealer, policy, ORIGIN, timedelta(0)):
            sent += 1
        return sent

    async def hook(self) -> Any:
        (row,) = await rows(self.teller.database, "SELECT * FROM chat_hooks")
        return row

    async def pass_time(self) -> None:
        await execute(self.teller.database, "UPDATE chat_hooks SET due_at = now()")


@pytest.fixture
async def teller(database: Database, world: World) -> Teller:
    return Teller(database)


@pytest.fixture
async def chat(teller: Teller, database: Database) -> AsyncIterator[Chat]:
    async with running_receiver() as receiver:
        chat = Chat(teller, receiver)
        await chat.tell()  # of what the world did, there is nobody to be told
        yield chat


@pytest.mark.parametrize("kind", list(ChatKind))
async def test_a_chat_is_told_once_without_its_address_being_kept(chat: Chat, world: World, kind: ChatKind) -> None:
    await chat.make(kind)
    await chat.teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    assert await chat.tell() == 1
    (message,) = chat.receiver.messages
    assert message.headers["content-type"] == "application/json"
    assert b"3 of 5 commits refused" in message.body
    assert b"https://league.example/projects/" in message.body
    hook = await chat.hook()
    assert (hook.last_error, hook.attempts) == (None, 0)
    assert hook.last_sent_at is not None
    assert await count(chat.teller.database, "chat_notices") == 0
    await chat.pass_time()
    assert await chat.tell() == 0
    assert "s3cret-of-the-chat" not in await every_row(chat.teller.database)


async def test_a_storm_is_one_message_and_two_who_tell_send_it_once(chat: Chat, world: World) -> None:
    await chat.make()
    for repo_id in await chat.teller.repos([f"repo-{number}" for number in range(50)]):
        await chat.teller.happen(EventType.REPO_FAILING, FAILED, repo_id=repo_id)
    sent = await asyncio.gather(chat.tell(), chat.tell(), chat.tell())
    assert sum(sent) <= 2
    await chat.pass_time()
    await chat.tell()
    assert b"".join(message.body for message in chat.receiver.messages).count(b"Failing") >= 15
    assert await count(chat.teller.database, "chat_notices") == 0
    assert len(chat.receiver.messages) <= 2


async def test_a_chat_hears_only_what_it_is_for(chat: Chat, world: World) -> None:
    await chat.make(stale=False)
    await chat.teller.happen(EventType.REPO_STALE, STALE, repo_id=world.repo_id)
    assert await chat.tell() == 0
    await chat.teller.happen(EventType.REPO_RECOVERED, RECOVERED, repo_id=world.repo_id)
    assert await chat.tell() == 1
    assert b"Well again" in chat.receiver.messages[0].body


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_chat_that_is_away_is_told_when_it_is_back(chat: Chat, world: World, status: int) -> None:
    await chat.make()
    chat.receiver.status = status
    await chat.teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    before = {outcome: counted_here("tgl_chat_attempts", outcome=outcome) for outcome in ("taken", "delayed")}
    assert await chat.tell() == 1
    hook = await chat.hook()
    assert (hook.attempts, hook.last_error, hook.is_active) == (1, f"the chat answered {status}", True)
    assert await chat.tell() == 0  # the pause is not over
    chat.receiver.status = 200
    await chat.pass_time()
    assert await chat.tell() == 1
    assert len(chat.receiver.messages) == 2
    assert (await chat.hook()).last_error is None
    for outcome, number in before.items():
        assert counted_here("tgl_chat_attempts", outcome=outcome) == number + 1


async def test_retry_after_is_honoured(chat: Chat, world: World) -> None:
    await chat.make()
    chat.receiver.status, chat.receiver.headers = 429, {"Retry-After": "7200"}
    await chat.teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await chat.tell()
    assert await scalar(chat.teller.database, "SELECT due_at > now() + interval '1 hour' FROM chat_hooks")


@pytest.mark.parametrize(("status", "is_active"), [(404, False), (410, False), (403, True), (400, True), (302, True)])
async def test_a_chat_that_does_not_want_the_message_does_not_get_it_again(
    chat: Chat, world: World, status: int, is_active: bool
) -> None:
    await chat.make()
    chat.receiver.status, chat.receiver.headers = status, {"Location": f"{chat.receiver.url}/elsewhere"}
    await chat.teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await chat.tell()
    await chat.pass_time()
    assert await chat.tell() == 0
    assert len(chat.receiver.messages) == 1
    hook = await chat.hook()
    assert (hook.is_active, hook.last_error) == (is_active, f"the chat answered {status}")


async def test_an_address_of_the_own_network_is_not_reached(chat: Chat, world: World) -> None:
    await chat.make()
    await chat.teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await chat.tell(PostPolicy(allow_http=True))
    assert not chat.receiver.messages
    assert "not allowed" in (await chat.hook()).last_error


async def test_a_process_that_died_leaves_the_message_to_another(chat: Chat, world: World) -> None:
    await chat.make()
    await chat.teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    lease = "UPDATE chat_hooks SET lease_token = gen_random_uuid(), lease_until = now() + {} * interval '1 minute'"
    await execute(chat.teller.database, lease.format(2))
    assert await chat.tell() == 0
    await execute(chat.teller.database, lease.format(-1))
    assert await chat.tell() == 1
