"""A body on its way to the server: in small pieces, each of which the connection must take in time.

A connection whose other end has closed says so at once. One that is cut, or whose other end takes nothing more, says
nothing, and aiohttp's read timeout only begins when all has been sent: without this the push would hang until TCP
gives up, a quarter of an hour later. Time that it takes to read the history is not counted.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

#: In a minute even a very slow line takes as much.
PIECE: Final = 64 * 1024


class Pace:
    """How long each piece may take; `TimeoutError` ends the block that made it."""

    def __init__(self, limit: asyncio.Timeout, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds

    @contextmanager
    def piece(self) -> Iterator[None]:
        """Around the sending of one."""
        self._end_at(asyncio.get_running_loop().time() + self._seconds)
        try:
            yield
        finally:
            self._end_at(None)

    async def pieces(self, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """The same bytes; whoever iterates sends each before they ask for the next."""
        async for large in body:
            for start in range(0, len(large), PIECE):
                with self.piece():
                    yield large[start : start + PIECE]

    def _end_at(self, when: float | None) -> None:
        with suppress(RuntimeError):  # an answer came early, and the block has ended
            self._limit.reschedule(when)


@asynccontextmanager
async def paced(seconds: float) -> AsyncGenerator[Pace, None]:
    """Around a request."""
    async with asyncio.timeout(None) as limit:
        yield Pace(limit, seconds)
