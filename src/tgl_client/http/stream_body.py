"""A long push as one request: commits flow to the server a line each, at the pace at which it stores them.

A request that breaks off is made again with what is still missing: the server keeps the chunks that arrived whole.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from tgl_client.http.batch import Batch, Batches, gzip_packer

#: Below this many commits, several requests in flight are quicker, and a push that breaks off has stored more.
STREAM_FROM: Final = 8_000

#: Seconds without a commit after which an empty line is sent: well below what servers and proxies wait for.
ALIVE_EVERY: Final = 5.0


class StreamBody:
    """The body of the request, made anew for each try.

    `read` opens the history of some commits, `still_missing` asks the server which of them are missing by now, and
    `advance` hears how many were handed over.
    """

    def __init__(
        self,
        shas: list[bytes],
        *,
        read: Callable[[list[bytes]], Batches],
        still_missing: Callable[[list[bytes]], Awaitable[list[bytes]]],
        advance: Callable[[int], None],
        compress: bool,
        alive_every: float = ALIVE_EVERY,
    ) -> None:
        self.pending = shas
        self._read = read
        self._still_missing = still_missing
        self._advance = advance
        self._compress = compress
        self._alive_every = alive_every
        self._batches: Batches | None = None
        self._reading = asyncio.Lock()

    async def open(self) -> AsyncGenerator[bytes, None]:
        """Open the body for one try; commits that an earlier try brought to the server are left out."""
        if self._batches is not None:
            await self.close()
            self.pending = await self._still_missing(self.pending)
        self._batches = self._read(self.pending)
        return self._packed(self._batches) if self._compress else self._lines(self._batches)

    async def close(self) -> None:
        """End the reading of history; a request that failed has left it open.

        aiohttp sends a body in a task of its own, which may be ending a read that was cancelled: an asynchronous
        generator cannot be closed while it runs.
        """
        if self._batches is not None:
            async with self._reading:
                await self._batches.aclose()

    async def _next(self, batches: Batches) -> Batch | None:
        async with self._reading:
            return await anext(batches, None)

    async def _lines(self, batches: Batches) -> AsyncGenerator[bytes, None]:
        """The commits, a line each; empty lines before them and between, as long as the next are being counted.

        The server closes a request of which nothing arrives, and to its reader an empty line is nothing.
        """
        yield b"\n"
        while True:
            async for line in self._until_read(reading := asyncio.ensure_future(self._next(batches))):
                yield line
            if (batch := reading.result()) is None:
                return
            yield b"\n".join(batch.encoded) + b"\n"
            self._advance(len(batch))

    async def _until_read(self, reading: "asyncio.Future[Batch | None]") -> AsyncGenerator[bytes, None]:
        """An empty line now and then until the batch is read."""
        try:
            while not (await asyncio.wait({reading}, timeout=self._alive_every))[0]:
                yield b"\n"
        finally:
            if not reading.done():
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _packed(self, batches: Batches) -> AsyncGenerator[bytes, None]:
        """The lines as gzip that is flushed after each batch, so that the server can store what it has."""
        packer = gzip_packer()
        async for lines in self._lines(batches):
            yield packer.compress(lines) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.flush()
