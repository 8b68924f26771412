"""What a client that does not read its answer may cost: some memory, for some time.

A connection that takes nothing for so many seconds is closed. Neither Granian nor hyper has a timeout for writing, so
the operating system's is used: TCP_USER_TIMEOUT also counts while the other side is there and only reads nothing.

And the operating system keeps little of an answer: left to itself, Linux takes up to 4 MB for each connection.

A connection inherits both from the socket that accepted it. Granian makes that one itself, with no setting for it and
after the application has started.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from tgl_server.background import run_until_cancelled

# Only Linux has it.
_OPTION: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
_PAUSE_SECONDS = 0.05
# Linux doubles it. An answer to somebody 100 ms away comes at 1 to 2 MB/s with it, and most are smaller than that.
SEND_BUFFER_BYTES = 128 * 1024


@asynccontextmanager
async def unread_answers_ended(seconds: int) -> AsyncIterator[None]:
    """Limit the connections of this process, as soon as it listens while the block runs."""

    async def limit() -> None:
        while not limit_listeners(seconds):  # noqa: ASYNC110 -- Granian tells nobody that it listens
            await asyncio.sleep(_PAUSE_SECONDS)

    if _OPTION is None:
        yield
        return
    async with run_until_cancelled(limit()):
        yield


def limit_listeners(seconds: int) -> int:
    """Set both for all connections that this process will accept; the number of sockets on which it listens."""
    assert _OPTION is not None
    listeners = [each.fd for each in psutil.Process().net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    for descriptor in listeners:
        with socket.socket(fileno=os.dup(descriptor)) as listener:
            listener.setsockopt(socket.IPPROTO_TCP, _OPTION, seconds * 1000)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return len(listeners)
