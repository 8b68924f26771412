"""A request with an `Idempotency-Key` makes one API key, however often it is sent."""

import asyncio
from typing import Any

import pytest

from tests.support.api import Answer
from tests.support.database import audited, count, execute, rows
from tests.support.people import Person
from tgl_server.db.engine import Database

ASKED = {"name": "ci", "scopes": "sync:commits"}


async def make(person: Person, idempotency_key: str, **changed: Any) -> Answer:
    headers = {"Idempotency-Key": idempotency_key}
    return await person.api.post("/api/v1/api-keys/", ASKED | changed, headers=headers)


async def test_a_repetition_makes_none_and_names_the_key_that_was_made(ada: Person, database: Database) -> None:
    made, again = await make(ada, "once"), await make(ada, "once")
    assert (made.status, again.status, again.json["code"]) == (201, 409, "key_made_already")
    assert made.json["prefix"] in again.json["detail"]
    assert again.headers["Location"] == made.headers["Location"] == f"/api/v1/api-keys/{made.json['id']}"
    assert made.json["full_key"] not in again.body.decode()
    assert await count(database, "api_keys") == 1


async def test_what_was_lost_with_the_answer_can_be_replaced(ada: Person) -> None:
    await make(ada, "lost")
    lost = (await make(ada, "lost")).headers["Location"]
    assert (await ada.api.request("DELETE", lost)).json["state"] == "revoked"
    assert (await make(ada, "another")).status == 201


async def test_with_another_body_it_is_refused(ada: Person) -> None:
    await make(ada, "once")
    refused = await make(ada, "once", scopes="read:repos")
    assert (refused.status, refused.json["code"]) == (422, "idempotency_key_reused")


async def test_each_user_has_their_own(ada: Person, boss: Person) -> None:
    assert [(await make(person, "once")).status for person in (ada, boss)] == [201, 201]


async def test_after_a_day_it_makes_another(ada: Person, database: Database) -> None:
    first = await make(ada, "once")
    await execute(database, "UPDATE api_keys SET created_at = now() - interval '24 hours 1 second'")
    second, third = await make(ada, "once"), await make(ada, "once")
    assert (second.status, third.status) == (201, 409)
    assert first.json["id"] != second.json["id"]


async def test_a_refused_request_uses_nothing_up(ada: Person) -> None:
    assert (await make(ada, "once", scopes="nonsense")).status == 422
    assert (await make(ada, "once")).status == 201


async def test_of_requests_at_once_one_makes_a_key(ada: Person, database: Database) -> None:
    answers = await asyncio.gather(*(make(ada, "once") for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    assert await count(database, "api_keys") == 1


@pytest.mark.parametrize("text", ["a" * 256, "with space", "\u00e4", "a\tb"])
async def test_a_header_that_is_none_is_refused(ada: Person, text: str) -> None:
    refused = await make(ada, text)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_only_hashes_are_kept_and_a_repetition_is_audited(ada: Person, database: Database) -> None:
    await make(ada, "once")
    await make(ada, "once")
    (row,) = await rows(database, "SELECT idempotency_hash, request_hash FROM api_keys")
    assert [len(each) for each in row] == [32, 32]
    assert [entry.outcome for entry in await audited(database, "api_key:created")] == ["success", "refused"]


async def test_without_the_header_each_request_makes_a_key(ada: Person, database: Database) -> None:
    for _ in range(2):
        assert (await ada.post("/api-keys/", ASKED)).status == 201
    assert await count(database, "api_keys") == 2
