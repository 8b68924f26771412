"""A crowd of wrong keys, and a crowd of connections that say nothing. How long anything took is not asked here:
that is what benchmarks/attack.py measures."""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import psutil
from sqlalchemy import text

from benchmarks.attack import attack, honest_client, memory_mb
from tests.api import Api
from tests.servers import RunningServer
from tests.world import World
from tgl_server.db.engine import Database

MOST_MEMORY_MB = 400
IDLE = 10_000

# Settings of a server that takes each wrong key for another client's, so that no limit for a client ends the attack.
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
    assert await _refusals(database) > 0
    assert "Traceback" not in server.log()


async def test_a_flood_from_one_address_is_refused_by_its_limit(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    server = start_server(sync_requests_per_minute=100)
    async with Api(server.url, "tgl_" + "x" * 60) as stranger:
        asked = [stranger.get(f"{world.sync_path}/status") for _ in range(500)]
        statuses = [answer.status for answer in await asyncio.gather(*asked)]
    assert (statuses.count(401), statuses.count(429)) == (100, 400)


async def test_ten_thousand_idle_connections_keep_nobody_out(server: RunningServer, world: World) -> None:
    with _open_files(IDLE + 500) as allowed:
        count = min(IDLE, allowed - 500, _open_files_of_worker(server) - 1000)
        async with _idle(server, count), Api(server.url, world.key) as api:
            statuses = {(await api.get(f"{world.sync_path}/status")).status for _ in range(20)}
            assert memory_mb(server) < MOST_MEMORY_MB
    assert count > 1024, "fewer connections than Granian admits by default show nothing: raise `ulimit -n`"
    assert statuses == {200}


async def _refusals(database: Database) -> int:
    async with database.statements() as connection:
        return await connection.scalar(text("SELECT count(*) FROM audit_logs WHERE action = 'api_key:refused'")) or 0


@contextmanager
def _open_files(wanted: int) -> Iterator[int]:
    """As many of them as this process may have; put back at the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    try:
        yield max(soft, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _open_files_of_worker(server: RunningServer) -> int:
    """The server raised its own limit at its start."""
    soft, _ = psutil.Process(server.pid).rlimit(psutil.RLIMIT_NOFILE)
    return soft


@asynccontextmanager
async def _idle(server: RunningServer, count: int) -> AsyncIterator[None]:
    """Connections that were opened and say nothing."""
    address = urlsplit(server.url)
    assert address.hostname
    assert address.port
    loop = asyncio.get_running_loop()
    connected = [await loop.create_connection(asyncio.Protocol, address.hostname, address.port) for _ in range(count)]
    yield
    for transport, _ in connected:
        transport.abort()
