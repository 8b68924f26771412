"""How many connections the server holds: as many as it may open files."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import psutil

from benchmarks.attack import memory_mb
from tests.support.api import Api
from tests.support.servers import RunningServer
from tests.support.world import World

MOST_MEMORY_MB = 400
IDLE = 10_000


async def test_ten_thousand_idle_connections_keep_nobody_out(server: RunningServer, world: World) -> None:
    with _open_files(IDLE + 500) as allowed:
        count = min(IDLE, allowed - 500, _open_files_of_worker(server) - 1000)
        before = memory_mb(server)
        async with _idle(server, count), Api(server.url, world.key) as api:
            statuses = {(await api.get(f"{world.sync_path}/status")).status for _ in range(20)}
            assert memory_mb(server) - before < MOST_MEMORY_MB
    assert count > 1024, "fewer connections than Granian admits by default show nothing: raise `ulimit -n`"
    assert statuses == {200}


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
