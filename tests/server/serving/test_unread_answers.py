"""Clients that ask for a large answer and do not read it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psutil
import pytest

from benchmarks.attack import memory_mb
from tests.support.api import Api
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tgl_server.serving.unread_answers import SEND_BUFFER_BYTES, limit_listeners

LARGE = "/schema/redoc-2.5.4.js"
CLIENTS = 100
MOST_GROWTH_MB = 60

pytestmark = pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has the timeout")


@contextlib.contextmanager
def _asking(server: RunningServer, count: int, buffer: int | None = None) -> Iterator[list[socket.socket]]:
    """Clients that have asked for a large answer, of which the first bytes are there."""
    address = urlsplit(server.url)
    assert address.hostname
    assert address.port
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(count)]
        for client in clients:
            if buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            client.settimeout(60)
            client.connect((address.hostname, address.port))
            client.sendall(f"GET {LARGE} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        for client in clients:
            assert client.recv(1, socket.MSG_PEEK)
        yield clients


async def test_neither_the_server_nor_the_system_takes_an_answer_that_nobody_reads(
    start_server: Callable[..., RunningServer],
) -> None:
    server = start_server()
    async with Api(server.url) as api:
        await api.get(LARGE)
        before = memory_mb(server)
        with _asking(server, CLIENTS, buffer=4096):
            assert (await api.get("/capabilities")).status == 404
            await server.logged("/capabilities")
            assert server.log().count(LARGE) == 1
            assert memory_mb(server) - before < MOST_GROWTH_MB


async def test_who_reads_nothing_is_disconnected_and_who_reads_slowly_is_not(
    start_server: Callable[..., RunningServer],
) -> None:
    server = start_server(answer_timeout_seconds=5)
    async with Api(server.url) as api:
        whole = len((await api.get(LARGE)).body)
    with _asking(server, 1, buffer=4096) as (silent,), _asking(server, 1) as (slow,):
        port, read = silent.getsockname()[1], 0
        while read < whole:
            piece = slow.recv(64 * 1024)
            assert piece, "the slow one was disconnected"
            read += len(piece)
            await asyncio.sleep(0.4)  # slowly: 7 s for all of it
        await until(lambda: port not in _clients(server))


def _clients(server: RunningServer) -> set[int]:
    """The ports of the clients with an open connection."""
    processes = psutil.Process(server.pid).children()
    open_ = [each for process in processes for each in process.net_connections("tcp")]
    return {each.raddr[1] for each in open_ if each.status == psutil.CONN_ESTABLISHED}


def test_a_connection_inherits_what_its_listener_has() -> None:
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert limit_listeners(7) >= 1
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7000
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER_BYTES
