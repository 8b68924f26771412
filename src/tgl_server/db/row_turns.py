"""A bound on the connections that may wait for the lock of one row, such as a repository's.

Who holds a row locked makes everybody wait who wants to change it, each with a connection of the pool. So no more than
a few transactions about one row have a connection at a time. The next ones wait for a turn, without a connection.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from tgl_server.errors import Busy

#: More of them would hold bodies of the budget that the pushes to other repositories need.
MAX_WAITING = 32
LONGEST_WAIT_SECONDS = 10.0


class _Line:
    def __init__(self, at_once: int) -> None:
        self.turns = asyncio.Semaphore(at_once)
        self.length = 0


class RowTurns:
    """At most `at_once` turns at a time for each row of one process."""

    def __init__(self, at_once: int, most_waiting: int = MAX_WAITING, longest: float = LONGEST_WAIT_SECONDS) -> None:
        self._at_once = at_once
        self._most = at_once + most_waiting
        self._longest = longest
        self._lines: dict[UUID, _Line] = {}

    def __len__(self) -> int:
        """The number of rows that somebody has a turn for."""
        return len(self._lines)

    @asynccontextmanager
    async def turn(self, row: UUID) -> AsyncIterator[None]:
        """One turn while the block runs; raises `Busy` at once if many wait, and after a long wait."""
        line = self._lines.setdefault(row, _Line(self._at_once))
        if line.length >= self._most:
            raise Busy
        line.length += 1
        try:
            await self._wait(line)
            try:
                yield
            finally:
                line.turns.release()
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[row]

    async def _wait(self, line: _Line) -> None:
        try:
            async with asyncio.timeout(self._longest):
                await line.turns.acquire()
        except TimeoutError:
            raise Busy from None
