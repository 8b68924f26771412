"""HTTP/1.1 over one kept connection, with only what a benchmark needs.

The client shares two cores with server and database, so whatever it takes is missing in what is measured.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import urlsplit

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of the first header with this name."""
        found = re.search(rb"\r\n" + re.escape(name.encode()) + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return found[1].decode() if found else None


class Connection(asyncio.Protocol):
    """One request at a time; use `connected`."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._buffer = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self.transport: asyncio.Transport

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to the server at an address with a port."""
        address = urlsplit(url)
        assert address.hostname
        assert address.port
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: cls(address.netloc), address.hostname, address.port)
        return connection

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request; its answer. `body` is sent as it is, even if `headers` say that it is chunked."""
        if "Transfer-Encoding" not in headers:
            headers = {**headers, "Content-Length": str(len(body))}
        answer = self._begin(method, path, headers)
        self.transport.write(body)
        return await answer

    async def stream(self, path: str, headers: Mapping[str, str], pieces: Iterable[bytes]) -> Answer:
        """Send a body that is made while it is sent, as fast as the server reads it; the answer."""
        answer = self._begin("POST", path, {**headers, "Transfer-Encoding": "chunked"})
        for piece in pieces:
            self.transport.write(chunk(piece))
            await self._may_write.wait()
        self.transport.write(chunk(b""))
        return await answer

    def _begin(self, method: str, path: str, headers: Mapping[str, str]) -> asyncio.Future[Answer]:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{lines}\r\n".encode())
        return self._answer

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def connection_lost(self, error: Exception | None) -> None:
        self._may_write.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_END_OF_HEAD)
        if end < 0 or self._answer is None:
            return
        found = _LENGTH.search(self._buffer, 0, end + 2)
        start = end + len(_END_OF_HEAD)
        length = int(found[1]) if found else 0
        if len(self._buffer) >= start + length:
            body = bytes(self._buffer[start : start + length])
            self._answer.set_result(Answer(int(self._buffer[9:12]), bytes(self._buffer[:end]), body))
            self._buffer.clear()
            self._answer = None


@asynccontextmanager
async def connected(url: str, count: int) -> AsyncIterator[list[Connection]]:
    """Some connections, closed at the end of the block."""
    opened = [await Connection.open(url) for _ in range(count)]
    try:
        yield opened
    finally:
        for each in opened:
            each.transport.close()


def chunk(piece: bytes) -> bytes:
    """A piece of a body as `Transfer-Encoding: chunked` sends it; an empty one is the end."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def chunked(pieces: list[bytes]) -> bytes:
    """A whole body as `Transfer-Encoding: chunked` sends it."""
    return b"".join(map(chunk, [*pieces, b""]))
