"""The page of a project's chats: its maintainers make, test and delete them."""

from collections.abc import AsyncIterator

import pytest

from tests.support.database import scalar
from tests.support.people import People, make_project
from tests.support.receiver import Receiver, running_receiver
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

PATH = "/projects/team/chats"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as receiver:
        yield receiver


@pytest.fixture
async def owner(mailing: RunningServer, mailed_people: People) -> AsyncIterator[Visitor]:
    """Ada, who owns the project `team`."""
    ada = await mailed_people.make("ada")
    await make_project(ada)
    async with Visitor(mailing.url) as visitor:
        await visitor.sign_in(ada.email)
        yield visitor


async def test_a_chat_is_made_tested_and_deleted_on_one_page(
    owner: Visitor, receiver: Receiver, database: Database
) -> None:
    fields = {"kind": "teams", "url": f"{receiver.url}/s3cret-of-the-chat", "about": "failing"}
    made = await owner.post(PATH, fields)
    assert (made.status, made.headers["Location"]) == (303, PATH)
    shown = (await owner.get(PATH)).body
    assert b"Microsoft Teams" in shown
    assert b"s3cret-of-the-chat" not in shown
    hook_id = await scalar(database, "SELECT id FROM chat_hooks WHERE failing AND NOT stale")
    assert b"was taken" in (await owner.post(f"{PATH}/{hook_id}/test")).body
    assert receiver.messages[0].json["type"] == "message"
    receiver.status = 500
    assert b"answered 500" in (await owner.post(f"{PATH}/{hook_id}/test")).body
    assert (await owner.post(f"{PATH}/{hook_id}/delete")).status == 303
    assert await scalar(database, "SELECT count(*) FROM chat_hooks") == 0


@pytest.mark.parametrize(
    "wrong", [{"url": "ftp://chat.example/s3cret"}, {"kind": "carrier pigeon"}, {"about": "all"}, {"url": ""}]
)
async def test_what_is_wrong_is_said_beside_its_field_and_the_address_is_typed_anew(
    owner: Visitor, wrong: dict[str, str]
) -> None:
    fields = {"kind": "slack", "url": "https://chat.example/s3cret", "about": "both"}
    answer = await owner.post(PATH, fields | wrong)
    assert answer.status == 422
    assert b"s3cret" not in answer.body
    assert b"-fault" in answer.body


async def test_without_a_key_for_secrets_the_page_names_the_command(ada_visitor: Visitor, people: People) -> None:
    grace = await people.make("grace")
    await make_project(grace)
    await ada_visitor.sign_in(grace.email)
    assert b"tgl-server secrets new-key" in (await ada_visitor.get(PATH)).body
