"""A bound on the scans of host keys that a process runs at once.

Whoever may change a repository chooses the host, which may accept connections and never answer: each scan is a process
and a connection for as long as that lasts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tgl_server.errors import Busy

MOST_SCANS: Final = 4

_LONGEST_WAIT_SECONDS = 2.0
_RETRY_SECONDS = 10


class ScanTurns:
    """`MOST_SCANS` turns, given in the order of asking."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MOST_SCANS)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn while the block runs; raises `Busy` after a short wait."""
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy(
                "The server is asking as many ssh hosts for their keys as it may; try again.",
                retry_after=_RETRY_SECONDS,
            ) from None
        try:
            yield
        finally:
            self._turns.release()
