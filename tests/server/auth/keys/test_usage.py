"""Counting the uses of a key: exactly, and without a request that waits."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from tests.support.api import Api
from tests.support.commits import batch, numbered
from tests.support.database import execute, rows
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_protocol.keys import generate_api_key, parse_api_key
from tgl_server import errors
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.keys.authenticate import ApiKeyAuthentication
from tgl_server.auth.keys.usage import UsageCounter
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.http.client_address import Origin

PUSHERS = 8
DAYS = "SELECT CAST(sum(uses) AS bigint), CAST(sum(refused) AS bigint) FROM api_key_days"
LONG = 3600.0


def origin(agent: str = "test") -> Origin:
    return Origin("192.0.2.1", agent, "request")


async def key_ids(database: Database) -> list[UUID]:
    return [row.id for row in await rows(database, "SELECT id FROM api_keys ORDER BY id")]


async def copy_keys(database: Database, count: int) -> list[UUID]:
    """The world's key, that many times."""
    await execute(
        database,
        "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes)"
        " SELECT gen_random_uuid(), user_id, name, 'copy' || n, key_hash, scopes"
        " FROM api_keys, generate_series(2, :count) n",
        count=count,
    )
    return await key_ids(database)


class LockWaits:
    """What PostgreSQL says about waits of more than 50 ms for a lock on the row of a key.

    The line about a wait names a transaction only; the table is in the statement that is logged with it.
    """

    def __init__(self, log: Path) -> None:
        self._log, self._start = log, log.stat().st_size

    def seen(self) -> list[str]:
        with self._log.open(errors="replace") as log:
            log.seek(self._start)
            entries = re.split(r"^(?=.* LOG:  )", log.read(), flags=re.MULTILINE)
        return [entry for entry in entries if "still waiting for" in entry and "api_keys" in entry]


@pytest.fixture
def lock_waits(postgres: EmbeddedPostgres, database_url: str) -> Iterator[LockWaits]:
    asyncio.run(_configure(postgres, "SET log_lock_waits = on", "SET deadlock_timeout = '50ms'"))
    yield LockWaits(postgres.log_file)
    asyncio.run(_configure(postgres, "RESET log_lock_waits", "RESET deadlock_timeout"))


async def _configure(postgres: EmbeddedPostgres, *settings: str) -> None:
    connection = await asyncpg.connect(postgres.libpq_dsn)
    for setting in settings:
        await connection.execute(f"ALTER SYSTEM {setting}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def test_every_use_by_eight_pushers_on_two_servers_is_counted_and_none_waits(
    world: World, start_server: Callable[..., RunningServer], database: Database, lock_waits: LockWaits
) -> None:
    """Their servers write the counts every second while the pushes run, and once more when they are stopped."""
    servers = [start_server(api_key_usage_seconds=1) for _ in range(2)]
    started = time.monotonic()
    sent = 0

    async def push(pusher: int) -> None:
        nonlocal sent
        async with Api(servers[pusher % 2].url, world.key) as api:
            while time.monotonic() < started + 3:
                answer = await api.post(f"{world.sync_path}/commits", batch(*numbered(3, start=sent * 3)))
                assert answer.status == 201
                sent += 1

    await asyncio.gather(*(push(pusher) for pusher in range(PUSHERS)))
    (during,) = await rows(database, "SELECT usage_count FROM api_keys")
    for server in servers:
        await server.stop()
    (after,) = await rows(database, "SELECT usage_count, last_used_at, last_used_ip, last_user_agent FROM api_keys")
    assert 0 < during.usage_count <= sent
    assert after.usage_count == sent
    assert (str(after.last_used_ip), after.last_used_at is None) == ("127.0.0.1", False)
    assert "aiohttp" in after.last_user_agent
    assert lock_waits.seen() == []


async def test_a_wait_for_the_row_of_a_key_would_be_seen(
    world: World, database: Database, lock_waits: LockWaits
) -> None:
    """The counter-check of the test above: an update of the row inside a request is what it must notice."""
    async with database.transaction() as first:
        await (await first.connection()).exec_driver_sql("UPDATE api_keys SET usage_count = usage_count + 1")
        second = asyncio.create_task(execute(database, "UPDATE api_keys SET usage_count = usage_count + 1"))
        await until(lock_waits.seen)
    await second


async def test_a_locked_row_delays_no_request(api: Api, world: World, database: Database) -> None:
    async with database.transaction() as tx:
        await (await tx.connection()).exec_driver_sql("SELECT * FROM api_keys FOR UPDATE")
        statuses = [(await api.get(f"{world.sync_path}/status")).status for _ in range(20)]
        pushed = await api.post(f"{world.sync_path}/commits", batch(*numbered(2)))
    assert (statuses, pushed.status) == ([200] * 20, 201)


async def test_a_clean_stop_loses_no_count(
    world: World, start_server: Callable[..., RunningServer], database: Database
) -> None:
    server = start_server(api_key_usage_seconds=3600)
    async with Api(server.url, world.key) as api:
        for _ in range(7):
            await api.get(f"{world.sync_path}/status")
        await api.get("/api/v1/users")
    assert [row.usage_count for row in await rows(database, "SELECT usage_count FROM api_keys")] == [0]
    await server.stop()
    assert [row.usage_count for row in await rows(database, "SELECT usage_count FROM api_keys")] == [8]


async def test_a_stop_under_load_counts_every_request_that_was_answered(
    world: World, start_server: Callable[..., RunningServer], database: Database
) -> None:
    server = start_server(api_key_usage_seconds=3600)
    asked = answered = 0

    async def ask_until_gone() -> None:
        nonlocal asked, answered
        async with Api(server.url, world.key) as api:
            while True:
                asked += 1
                status = (await api.get(f"{world.sync_path}/status")).status
                if status == 503:  # it is being stopped
                    return
                assert status == 200
                answered += 1

    asking = [asyncio.create_task(ask_until_gone()) for _ in range(PUSHERS)]
    await until(lambda: answered > 100)
    await server.stop()
    ends = await asyncio.gather(*asking, return_exceptions=True)
    assert all(end is None or isinstance(end, aiohttp.ClientError) for end in ends), ends
    (row,) = await rows(database, "SELECT usage_count FROM api_keys")
    assert answered <= row.usage_count <= asked


async def test_processes_that_write_the_same_keys_at_once_do_not_deadlock(world: World, database: Database) -> None:
    ids = await copy_keys(database, 200)
    counters = [UsageCounter(database, LONG) for _ in range(6)]
    for _ in range(10):
        for number, counter in enumerate(counters):
            for key_id in ids if number % 2 else reversed(ids):
                counter.count(key_id, origin())
            for key_id in ids[number::2]:
                counter.count_refused(key_id)
        await asyncio.gather(*(counter.flush() for counter in counters))
    counted = await rows(database, "SELECT DISTINCT usage_count FROM api_keys")
    assert [row.usage_count for row in counted] == [60]
    assert [tuple(row) for row in await rows(database, DAYS)] == [(60 * len(ids), 10 * _refusals(len(ids)))]


def _refusals(keys: int) -> int:
    return sum(len(range(number, keys, 2)) for number in range(6))


async def test_a_key_that_was_only_refused_has_its_day_and_stays_unused(world: World, database: Database) -> None:
    (key_id,) = await key_ids(database)
    counter = UsageCounter(database, LONG)
    counter.count_refused(key_id)
    await counter.flush()
    assert [tuple(row) for row in await rows(database, DAYS)] == [(0, 1)]
    (row,) = await rows(database, "SELECT usage_count, last_used_at FROM api_keys")
    assert (row.usage_count, row.last_used_at) == (0, None)


async def test_counts_that_could_not_be_written_are_kept(world: World, database: Database) -> None:
    (key_id,) = await key_ids(database)
    counter = UsageCounter(database, LONG)
    for _ in range(3):
        counter.count(key_id, origin())
    await execute(database, "ALTER TABLE api_keys RENAME TO elsewhere")
    try:
        with pytest.raises(Exception, match="api_keys"):
            await counter.flush()
    finally:
        await execute(database, "ALTER TABLE elsewhere RENAME TO api_keys")
    counter.count(key_id, origin())
    counter.count_refused(key_id)
    await counter.flush()
    await counter.flush()
    assert [row.usage_count for row in await rows(database, "SELECT usage_count FROM api_keys")] == [4]
    assert [tuple(row) for row in await rows(database, DAYS)] == [(4, 1)]


async def test_who_writes_last_need_not_have_seen_the_key_last(world: World, database: Database) -> None:
    (key_id,) = await key_ids(database)
    early, late = UsageCounter(database, LONG), UsageCounter(database, LONG)
    early.count(key_id, origin("early"))
    late.count(key_id, origin("late"))
    await late.flush()
    await early.flush()
    (row,) = await rows(database, "SELECT last_user_agent, usage_count FROM api_keys")
    assert (row.last_user_agent, row.usage_count) == ("late", 2)


async def test_a_key_that_is_gone_does_not_stop_the_others(world: World, database: Database) -> None:
    (key_id,) = await key_ids(database)
    counter = UsageCounter(database, LONG)
    counter.count(UUID(int=1), origin())
    counter.count_refused(UUID(int=1))
    counter.count(key_id, origin())
    await counter.flush()
    assert [row.usage_count for row in await rows(database, "SELECT usage_count FROM api_keys")] == [1]
    assert [tuple(row) for row in await rows(database, DAYS)] == [(1, 0)]


async def test_a_wrong_secret_is_no_refusal_of_the_key(world: World, database: Database, argon2: Argon2) -> None:
    """It is somebody else's guess."""
    keys = ApiKeyAuthentication(database, argon2, 300)
    right = parse_api_key(world.key)
    await execute(database, "UPDATE api_keys SET is_active = false")
    with pytest.raises(errors.InactiveApiKey):
        await keys.principal(right, origin())
    other = generate_api_key()
    await execute(database, "UPDATE api_keys SET prefix = :prefix", prefix=other.prefix)
    with pytest.raises(errors.InvalidApiKey):
        await keys.principal(other, origin())
    await keys.usage.flush()
    (row,) = await rows(database, "SELECT uses, refused FROM api_key_days")
    assert (row.uses, row.refused) == (0, 1)
