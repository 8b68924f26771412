"""The write timeout of a request: its body is sent in small pieces, each of which the connection must take in time.

A connection whose other end has closed says so at once. One that is cut, or whose other end takes nothing more, says
nothing, and aiohttp's read timeout only begins when all has been sent (aio-libs/aiohttp#7150): without this the push
would hang until TCP gives up, a quarter of an hour later. Time that it takes to read the history is not counted.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final, Self

#: Even a very slow line takes as many bytes in a minute.
PIECE: Final = 64 * 1024


class WriteTimeout:
    """The block of one request, ended by `TimeoutError` when a piece of its body takes longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._limit = asyncio.timeout(None)
        self._seconds = seconds
        #: Bytes that the connection has taken.
        self.sent = 0

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._limit.__aexit__(kind, error, traceback)

    @contextmanager
    def piece(self, size: int) -> Iterator[None]:
        """The time of sending one piece of so many bytes."""
        self._end_at(asyncio.get_running_loop().time() + self._seconds)
        try:
            yield
            self.sent += size
        finally:
            self._end_at(None)

    async def pieces(self, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """The bytes of a body in pieces; whoever iterates sends each before they ask for the next."""
        async for large in body:
            for start in range(0, len(large), PIECE):
                piece = large[start : start + PIECE]
                with self.piece(len(piece)):
                    yield piece

    def _end_at(self, when: float | None) -> None:
        with suppress(RuntimeError):  # an answer came early, and the block has ended
            self._limit.reschedule(when)
