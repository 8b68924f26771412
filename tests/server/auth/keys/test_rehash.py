"""Hashes that were made with other Argon2 parameters than today's."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import msgspec
import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.database import execute, scalar, until_query
from tests.support.hashing import MakeArgon2
from tests.support.people import PASSWORD, log_in
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_protocol.keys import checksum, generate_api_key, parse_api_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.keys.authenticate import ApiKeyAuthentication
from tgl_server.auth.passwords import hash_password
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database
from tgl_server.errors import InvalidApiKey
from tgl_server.http.client_address import Origin

SOMEWHERE = Origin("192.0.2.1", None, "request")
KEY_HASH = "SELECT key_hash FROM api_keys"


def renewed(memory_kib: int) -> str:
    return f"SELECT key_hash LIKE '$argon2id$v=19$m={memory_kib},t=1,p=1$%' FROM api_keys"


@pytest.fixture
def argon2(make_argon2: MakeArgon2) -> Argon2:
    """With other parameters than the world's key."""
    return make_argon2(2048)


@pytest.fixture
async def keys(database: Database, argon2: Argon2) -> AsyncIterator[ApiKeyAuthentication]:
    keys = ApiKeyAuthentication(database, argon2, 300)
    async with keys.renewal.running():
        yield keys


async def _all_renewed(keys: ApiKeyAuthentication) -> None:
    await until(lambda: keys.renewal.left == 0)


async def test_a_keys_hash_is_renewed_beside_its_first_request_and_opens_as_before(
    start_server: Callable[..., RunningServer], world: World, database: Database
) -> None:
    server = start_server(argon2_memory_kib=2048, api_key_memory_seconds=0)
    body = f"{parse_api_key(world.key).prefix}_{'a' * 40}"
    async with Api(server.url, world.key) as api, Api(server.url, body + checksum(body)) as wrong:
        assert (await api.get(f"{world.sync_path}/status")).status == 200
        await until_query(database, renewed(2048))
        assert (await api.get(f"{world.sync_path}/status")).status == 200
        assert (await wrong.get(f"{world.sync_path}/status")).status == 401


async def test_a_renewed_key_is_not_verified_again(
    keys: ApiKeyAuthentication, argon2: Argon2, world: World, database: Database
) -> None:
    key = parse_api_key(world.key)
    await keys.principal(key, SOMEWHERE)
    await _all_renewed(keys)
    assert await scalar(database, renewed(2048))
    argon2.close()
    assert (await keys.principal(key, SOMEWHERE)).user_id == world.user_id


async def test_a_hash_with_todays_parameters_and_a_wrong_key_renew_nothing(
    keys: ApiKeyAuthentication, argon2: Argon2, world: World, database: Database
) -> None:
    prefix = parse_api_key(world.key).prefix
    wrong = msgspec.structs.replace(generate_api_key(), prefix=prefix)
    with pytest.raises(InvalidApiKey):
        await keys.principal(wrong, SOMEWHERE)
    assert keys.renewal.left == 0
    todays = await argon2.hash(world.key, Queue.KNOWN)
    await execute(database, f"UPDATE api_keys SET key_hash = '{todays}'")
    await keys.principal(parse_api_key(world.key), SOMEWHERE)
    assert keys.renewal.left == 0


async def test_a_row_that_has_another_hash_by_now_is_left_alone(
    database: Database, argon2: Argon2, world: World
) -> None:
    keys = ApiKeyAuthentication(database, argon2, 300)
    await keys.principal(parse_api_key(world.key), SOMEWHERE)
    assert keys.renewal.left == 1
    await execute(database, "UPDATE api_keys SET key_hash = 'another'")
    async with keys.renewal.running():
        await _all_renewed(keys)
    assert await scalar(database, KEY_HASH) == "another"


async def test_servers_with_different_parameters_do_not_take_turns(
    world: World, database: Database, make_argon2: MakeArgon2
) -> None:
    async with AsyncExitStack() as stack:
        servers = []
        for memory_kib in (2048, 4096):
            keys = ApiKeyAuthentication(database, make_argon2(memory_kib), 300)
            await stack.enter_async_context(keys.renewal.running())
            servers.append(keys)
        for keys in (*servers, servers[0]):
            await keys.principal(parse_api_key(world.key), SOMEWHERE)
            await _all_renewed(keys)
    assert await scalar(database, renewed(4096))


async def test_a_passwords_hash_is_renewed_when_its_owner_logs_in(
    server: RunningServer, world: World, database: Database, argon2: Argon2
) -> None:
    async with database.transaction() as tx:
        hashed = await hash_password(argon2, PASSWORD)
        await tx.execute(text("UPDATE users SET password_hash = :hashed"), {"hashed": hashed})
        email = await tx.scalar(text("SELECT email FROM users"))
    async with Api(server.url) as api:
        for _ in range(2):
            assert (await log_in(api, email)).status == 200
            assert await scalar(database, "SELECT password_hash LIKE '%$m=1024,t=1,p=1$%' FROM users")
