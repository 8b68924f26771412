"""Keys that were not used of late, when there are too many of them at once."""

import asyncio
from collections.abc import Iterator

import pytest
from litestar.datastructures import State
from litestar.types import HTTPScope, Message, Receive, Scope, Send
from sqlalchemy import text

from tests.world import World
from tgl_protocol.keys import generate_api_key, parse_api_key
from tgl_server import errors
from tgl_server.api_keys.service import create_key
from tgl_server.auth.api_key import STRANGERS_AT_ONCE, ApiKeyAuthentication
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.key_rows import KeyRows
from tgl_server.auth.shedding import MAX_STRANGERS, shed_strangers
from tgl_server.db.engine import Database
from tgl_server.origin import Origin
from tgl_server.settings import Settings

SOMEWHERE = Origin("192.0.2.1", None, "request")


@pytest.fixture
def argon2() -> Iterator[Argon2]:
    argon2 = Argon2(Settings(argon2_time_cost=1, argon2_memory_kib=1024))
    yield argon2
    argon2.close()


@pytest.fixture
def keys(database: Database, argon2: Argon2) -> ApiKeyAuthentication:
    return ApiKeyAuthentication(database, argon2, 300)


async def _answered(keys: ApiKeyAuthentication, token: str) -> int:
    """The status that the request gets from the middleware; 200 where it was let through."""
    statuses: list[int] = []

    async def let_through(scope: Scope, receive: Receive, send: Send) -> None:
        statuses.append(200)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> None: ...

    await shed_strangers(let_through, State({"api_keys": keys}))(_scope(token), receive, send)  # type: ignore[arg-type]
    return statuses[0]


def _scope(token: str) -> HTTPScope:
    headers = [(b"authorization", f"bearer {token}".encode())]
    return {"type": "http", "headers": headers, "state": {}}  # type: ignore[typeddict-item]


async def test_a_crowd_of_strangers_is_turned_away_and_known_keys_are_not(
    keys: ApiKeyAuthentication, world: World
) -> None:
    stranger = generate_api_key().full_key
    assert await _answered(keys, stranger) == 200
    await keys.principal(parse_api_key(world.key), SOMEWHERE)
    crowd = [asyncio.create_task(keys.principal(generate_api_key(), SOMEWHERE)) for _ in range(MAX_STRANGERS)]
    await asyncio.sleep(0)
    assert keys.strangers == MAX_STRANGERS
    assert await _answered(keys, stranger) == 503
    assert await _answered(keys, world.key) == 200
    refusals = await asyncio.gather(*crowd, return_exceptions=True)
    assert {type(refusal) for refusal in refusals} == {errors.InvalidApiKey}
    assert keys.strangers == 0
    assert await _answered(keys, stranger) == 200


async def test_one_new_key_in_many_requests_is_one_stranger(keys: ApiKeyAuthentication, world: World) -> None:
    key = parse_api_key(world.key)
    crowd = [asyncio.create_task(keys.principal(key, SOMEWHERE)) for _ in range(3 * MAX_STRANGERS)]
    await asyncio.sleep(0)
    assert keys.strangers == 1
    assert {(await principal).key_prefix for principal in crowd} == {key.prefix}


async def test_a_crowd_of_right_keys_waits_and_is_served(
    keys: ApiKeyAuthentication, database: Database, argon2: Argon2, world: World
) -> None:
    async with database.transaction() as tx:
        made = [await create_key(tx, argon2, world.user_id, f"job {n}") for n in range(200)]
    principals = await asyncio.gather(*(keys.principal(key, SOMEWHERE) for _, key in made))
    assert [principal.key_id for principal in principals] == [row.id for row, _ in made]
    assert keys.strangers == 0


async def test_nobody_waits_for_ever_behind_a_database_that_hangs(
    database: Database, argon2: Argon2, world: World
) -> None:
    keys = ApiKeyAuthentication(database, argon2, 300, longest_wait=0.05)
    async with database.transaction() as tx:
        await tx.execute(text("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
        crowd = [asyncio.create_task(keys.principal(generate_api_key(), SOMEWHERE)) for _ in range(STRANGERS_AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(errors.Unavailable):
            await keys.principal(parse_api_key(world.key), SOMEWHERE)
    await asyncio.gather(*crowd, return_exceptions=True)
    assert (await keys.principal(parse_api_key(world.key), SOMEWHERE)).key_prefix == world.key[:12]


async def test_requests_at_once_get_each_their_own_row(database: Database, world: World) -> None:
    rows = KeyRows(database)
    prefix = world.key[:12]
    found = await asyncio.gather(*(rows.find(prefix if n % 2 else f"tgl_{n:08}") for n in range(2000)))
    assert [row is not None and row["prefix"] == prefix for row in found] == [n % 2 == 1 for n in range(2000)]


async def test_a_row_is_read_after_it_was_asked_for(database: Database, world: World) -> None:
    """A change that was committed before the question shows in the answer, also while another question is read."""
    rows, prefix = KeyRows(database), world.key[:12]
    earlier = asyncio.create_task(rows.find(prefix))
    await asyncio.sleep(0)
    async with database.transaction() as tx:
        connection = await tx.connection()
        await connection.exec_driver_sql("UPDATE api_keys SET is_active = false")
    later = await rows.find(prefix)
    await earlier
    assert later is not None
    assert later["is_active"] is False


async def test_a_database_that_is_away_is_told_to_all_who_ask() -> None:
    database = Database(Settings(database_url="postgresql://nobody@127.0.0.1:1/none"))
    rows = KeyRows(database)
    answers = await asyncio.gather(*(rows.find(f"tgl_{n:08}") for n in range(5)), return_exceptions=True)
    assert all(isinstance(answer, OSError) for answer in answers)
    assert isinstance((await asyncio.gather(rows.find("tgl_later000"), return_exceptions=True))[0], OSError)
    await database.close()
