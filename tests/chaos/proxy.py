"""A small TCP proxy before the server: cuts connections where it is told, and sees every answer."""

import asyncio
import contextlib
import random
import re
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

_CHUNK = 64 * 1024
_ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_REQUEST = re.compile(rb"[A-Z]+ /")
_EXPECTED = frozenset({200, 201, 503})
_SHOWN = 1500


class CutPlace(StrEnum):
    """Where a connection is cut."""

    BODY = "in a body"  # of a request, at least a byte of which the server never sees
    ANSWER = "in an answer"  # from before its first byte to before its last


class _Cut(Exception):
    """A connection ends here."""


class CuttingProxy:
    """`cut_next` arms a cut for the next connection that sends something there."""

    def __init__(self, upstream: tuple[str, int], chance: random.Random) -> None:
        self.url = ""
        self.cuts: Counter[CutPlace] = Counter()
        self.statuses: Counter[int] = Counter()
        self.unexplained: list[str] = []
        self._upstream = upstream
        self._chance = chance
        self._armed: set[CutPlace] = set()
        self._open: set[asyncio.Task[None]] = set()

    def cut_next(self, place: CutPlace) -> None:
        self._armed.add(place)

    def disarm(self) -> None:
        """From now on connections are left alone."""
        self._armed.clear()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """On a free port of loopback; connections still open at the end are cut."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._open.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._upstream)
        ways = [self._pump(reader, back, CutPlace.BODY), self._pump(there, writer, CutPlace.ANSWER)]
        pumps = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.gather(*pumps)
        except (_Cut, OSError) as end:
            is_reset = isinstance(end, _Cut) and self._chance.random() < 0.5
            for side in (writer, back):
                _end(side, is_reset=is_reset)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for side in (writer, back):
                side.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: CutPlace) -> None:
        while chunk := await reader.read(_CHUNK):
            if place is CutPlace.ANSWER:
                self._look_at(chunk)
            length = self._cut_length(chunk, place)
            writer.write(chunk[:length])
            await writer.drain()
            if length is not None:
                raise _Cut
        if place is CutPlace.BODY:
            raise _Cut  # no client of ours closes one direction alone: it has ended, and sees no answer any more
        with contextlib.suppress(OSError):
            writer.write_eof()

    def _cut_length(self, chunk: bytes, place: CutPlace) -> int | None:
        """How much of this still passes; None while nothing is to be cut."""
        start = _body_start(chunk) if place is CutPlace.BODY else 0
        if place not in self._armed or start is None:
            return None
        self._armed.remove(place)
        self.cuts[place] += 1
        return self._chance.randrange(start, len(chunk))

    def _look_at(self, chunk: bytes) -> None:
        """Requests are not pipelined, so that an answer begins where something read begins."""
        found = _ANSWER.match(chunk)
        if found is None:
            return
        status = int(found[1])
        self.statuses[status] += 1
        if status not in _EXPECTED or (status == 503 and b"application/problem+json" not in chunk):
            self.unexplained.append(chunk.replace(b"\r\n", b"\n").decode(errors="replace")[:_SHOWN])


def _body_start(chunk: bytes) -> int | None:
    """Where a piece of a request has something of its body."""
    if not _REQUEST.match(chunk):
        return 0
    head, _, body = chunk.partition(b"\r\n\r\n")
    return len(head) + 4 if body else None


def _end(side: asyncio.StreamWriter, *, is_reset: bool) -> None:
    """As when a program ends, or as a firewall does that answers with RST."""
    if is_reset:
        with contextlib.suppress(OSError):
            side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    side.transport.abort()
