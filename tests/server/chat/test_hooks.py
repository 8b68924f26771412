"""Maintainers make chats over HTTP, test and delete them; nobody sees an address again."""

from collections.abc import AsyncIterator

import pytest

from tests.support.database import audited, every_row
from tests.support.people import People, Person, make_project
from tests.support.receiver import Receiver, running_receiver
from tests.support.servers import RunningServer
from tgl_protocol.chat import MAX_CHAT_HOOKS
from tgl_server.db.engine import Database

SECRET = "s3cret-of-the-chat-9xYz"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as receiver:
        yield receiver


@pytest.fixture
async def owner(mailed_people: People) -> Person:
    """Ada, who owns the project `team`."""
    ada = await mailed_people.make("ada")
    await make_project(ada)
    return ada


PATH = "/projects/team/chat-hooks"


async def test_a_chat_is_made_tested_and_deleted_and_its_address_is_shown_nowhere(
    owner: Person, receiver: Receiver, mailing: RunningServer, database: Database
) -> None:
    url = f"{receiver.url}/services/{SECRET}"
    answer = await owner.post(PATH, {"kind": "mattermost", "url": url, "stale": False})
    assert answer.status == 201, answer.body
    made = answer.json
    assert (made["shown"], made["failing"], made["stale"]) == ("http://127.0.0.1/…9xYz", True, False)
    tested = await owner.post(f"{PATH}/{made['id']}/test", None)
    assert tested.json == {"is_taken": True, "error": None}
    assert b"arrive here" in receiver.messages[0].body
    receiver.status = 403
    assert (await owner.post(f"{PATH}/{made['id']}/test", None)).json == {
        "is_taken": False,
        "error": "The chat answered 403",
    }
    listed = await owner.get(PATH)
    assert [each["id"] for each in listed.json["items"]] == [made["id"]]
    assert SECRET.encode() not in answer.body + listed.body
    assert SECRET not in await every_row(database)
    assert SECRET not in mailing.log()
    assert (await owner.delete(f"{PATH}/{made['id']}")).status == 200
    assert (await owner.delete(f"{PATH}/{made['id']}")).status == 404
    assert "mattermost" in [entry.details.get("kind") for entry in await audited(database, "chat_hook:deleted")]


@pytest.mark.parametrize(
    "url", ["ftp://chat.example/x", "chat.example", "https://ada:hunter2@chat.example/x", "https://chat.example/#x"]
)
async def test_what_is_no_address_of_a_chat_is_refused_at_its_field(owner: Person, url: str) -> None:
    answer = await owner.post(PATH, {"kind": "slack", "url": url})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "url")
    assert b"hunter2" not in answer.body


async def test_a_project_tells_a_few_chats(owner: Person) -> None:
    for number in range(MAX_CHAT_HOOKS):
        assert (await owner.post(PATH, {"kind": "slack", "url": f"https://chat.example/{number}"})).status == 201
    refused = await owner.post(PATH, {"kind": "slack", "url": "https://chat.example/more"})
    assert (refused.status, refused.json["code"]) == (409, "too_many_chat_hooks")


async def test_without_a_key_for_secrets_none_is_kept(ada: Person) -> None:
    await make_project(ada)
    answer = await ada.post(PATH, {"kind": "slack", "url": "https://chat.example/x"})
    assert (answer.status, answer.json["code"]) == (409, "no_secrets_key")
