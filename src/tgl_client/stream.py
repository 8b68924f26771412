"""A long push as one request: commits flow to the server a line each, at the pace at which it stores them.

A request that breaks off is made again with what is still missing: the server keeps the chunks that arrived whole.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from tgl_client.batch import Batch, Batches

#: Below this many commits, several requests in flight are quicker, and a push that breaks off has stored more.
STREAM_FROM: Final = 8_000


class StreamBody:
    """The body of the request, made anew for each try.

    `read` opens the history of some commits, `still_missing` asks the server which of them it lacks by now, and
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
    ) -> None:
        self.pending = shas
        self._read = read
        self._still_missing = still_missing
        self._advance = advance
        self._compress = compress
        self._batches: Batches | None = None
        self._reading = asyncio.Lock()

    async def open(self) -> AsyncGenerator[bytes, None]:
        """For one try; what an earlier one brought to the server is left out."""
        if self._batches is not None:
            await self.close()
            self.pending = await self._still_missing(self.pending)
        self._batches = self._read(self.pending)
        return self._packed(self._batches) if self._compress else self._lines(self._batches)

    async def close(self) -> None:
        """Ends the reading of history; a request that failed has left it open.

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
        while (batch := await self._next(batches)) is not None:
            yield b"\n".join(batch.encoded) + b"\n"
            self._advance(len(batch))

    async def _packed(self, batches: Batches) -> AsyncGenerator[bytes, None]:
        """gzip that is flushed after each batch, so that the server can store what it has."""
        packer = zlib.compressobj(level=1, wbits=31)
        async for lines in self._lines(batches):
            yield packer.compress(lines) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.flush()
