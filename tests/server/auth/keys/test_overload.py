"""Keys that were not used recently, when there are too many of them at once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from benchmarks.attack import attack, honest_client, memory_mb
from tests.support.api import Api
from tests.support.database import scalar
from tests.support.people import ask
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_protocol.keys import generate_api_key, parse_api_key
from tgl_server import errors
from tgl_server.api_keys.service import create_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.keys.authenticate import UNVERIFIED_AT_ONCE, ApiKeyAuthentication
from tgl_server.auth.keys.overload import MAX_UNVERIFIED
from tgl_server.db.engine import Database
from tgl_server.http.client_address import Origin

SOMEWHERE = Origin("192.0.2.1", None, "request")


@pytest.fixture
def keys(database: Database, argon2: Argon2) -> ApiKeyAuthentication:
    return ApiKeyAuthentication(database, argon2, 300)


async def test_a_crowd_of_unverified_keys_is_turned_away_and_known_ones_are_not(
    server: RunningServer, world: World, database: Database
) -> None:
    """Nobody's row can be read inside, so whoever was let in waits."""
    async with AsyncExitStack() as stack:
        # Several sessions, as one of them opens a hundred connections at the most.
        anyone = [await stack.enter_async_context(Api(server.url)) for _ in range(4)]
        known = await stack.enter_async_context(Api(server.url, world.key))
        assert (await known.get("/api/v1/auth/me")).status == 200
        async with database.transaction() as tx:
            await tx.execute(text("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
            crowd = [asyncio.create_task(_ask_with_new_key(anyone[n % 4])) for n in range(MAX_UNVERIFIED + 9)]
            await until(lambda: sum(asked.done() for asked in crowd) == 9)
            asking = asyncio.create_task(known.get("/api/v1/auth/me"))
            assert await _ask_with_new_key(anyone[0]) == 503
            assert not asking.done()
        assert Counter(await asyncio.gather(*crowd)) == {401: MAX_UNVERIFIED, 503: 9}
        assert (await asking).status == 200
        assert await _ask_with_new_key(anyone[0]) == 401


async def _ask_with_new_key(api: Api) -> int:
    return (await ask(api, generate_api_key().full_key)).status


async def test_one_new_key_in_many_requests_is_one_unverified_key(keys: ApiKeyAuthentication, world: World) -> None:
    key = parse_api_key(world.key)
    crowd = [asyncio.create_task(keys.principal(key, SOMEWHERE)) for _ in range(3 * MAX_UNVERIFIED)]
    await asyncio.sleep(0)
    assert keys.unverified == 1
    assert {(await principal).key_prefix for principal in crowd} == {key.prefix}


async def test_a_crowd_of_right_keys_waits_and_is_served(
    keys: ApiKeyAuthentication, database: Database, argon2: Argon2, world: World
) -> None:
    async with database.transaction() as tx:
        made = [await create_key(tx, argon2, world.user_id, f"job {n}") for n in range(200)]
    principals = await asyncio.gather(*(keys.principal(key, SOMEWHERE) for _, key in made))
    assert [principal.key_id for principal in principals] == [row.id for row, _ in made]
    assert keys.unverified == 0


async def test_nobody_waits_for_ever_behind_a_database_that_hangs(
    database: Database, argon2: Argon2, world: World
) -> None:
    keys = ApiKeyAuthentication(database, argon2, 300, longest_wait=0.05)
    async with database.transaction() as tx:
        await tx.execute(text("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
        crowd = [asyncio.create_task(keys.principal(generate_api_key(), SOMEWHERE)) for _ in range(UNVERIFIED_AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(errors.Unavailable):
            await keys.principal(parse_api_key(world.key), SOMEWHERE)
    await asyncio.gather(*crowd, return_exceptions=True)
    assert (await keys.principal(parse_api_key(world.key), SOMEWHERE)).key_prefix == world.key[:12]


#: A server with these takes each wrong key for another client's, so that no limit for a client ends the attack.
MOST_MEMORY_MB = 400
BEHIND_A_PROXY = {"trusted_proxies": "127.0.0.1", "log_format": "json"}


async def test_a_flood_of_wrong_keys_leaves_the_server_to_those_with_a_right_one(
    start_server: Callable[..., RunningServer], world: World, database: Database
) -> None:
    server = start_server(**BEHIND_A_PROXY)
    with attack(server, world, seconds=3, rate=1000) as wrong_keys:
        honest = await honest_client(server, world, seconds=3)
    assert set(honest.statuses) == {200}
    assert set(wrong_keys.result()) <= {401, 503}
    assert wrong_keys.result()[401] > 0
    assert memory_mb(server) < MOST_MEMORY_MB
    assert await scalar(database, "SELECT count(*) FROM audit_logs WHERE action = 'api_key:refused'") > 0
    assert "Traceback" not in server.log()
