"""A bound on the memory of all request bodies of a process together.

Each body has a limit of its own, but a dozen of the largest at once, decoded, would take gigabytes. So a body waits for
its room before it is read, in the order of arrival, and through TCP the client waits with it.

A compressed body may turn out larger. It takes what is free; if nothing is, one body at a time may overdraw the
budget, so that two half-read bodies never wait for each other, and the sum stays below the budget plus one body.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tgl_server.errors import Unavailable

# As long as a request waits for a connection to the database.
_LONGEST_WAIT_SECONDS = 30.0
_FULL = "The server holds as many large request bodies as it may; send this one again."
_RETRY_SECONDS = 2


class BodyRoom:
    """The room of one body, in bytes after decompression."""

    def __init__(self, budget: "BodyBudget", held: int) -> None:
        self._budget = budget
        self.held = held
        self.is_overdrawing = False

    async def grow_to(self, size: int) -> None:
        """Make sure that `size` bytes are held; raises `Unavailable` after a long wait for the turn to overdraw."""
        more = size - self.held
        if more <= 0:
            return
        if not self.is_overdrawing and not self._budget.has_free(more):
            await self._budget.begin_overdraft()
            self.is_overdrawing = True
        self._budget.draw(more)
        self.held = size


class BodyBudget:
    """`most` bytes for all bodies together; a body larger than that takes the whole budget."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._overdraft = asyncio.Lock()

    @asynccontextmanager
    async def room(self, size: int) -> AsyncIterator[BodyRoom]:
        """Room for a body of about `size` bytes while the block runs; raises `Unavailable` after a long wait."""
        size = min(size, self._most)
        await self._take(size)
        room = BodyRoom(self, size)
        try:
            yield room
        finally:
            if room.is_overdrawing:
                self._overdraft.release()
            self._give_back(room.held)

    def has_free(self, size: int) -> bool:
        """True if `size` bytes can be drawn without overdrawing."""
        return size <= self._free

    def draw(self, size: int) -> None:
        """Take room that is free, or that the overdraft allows."""
        self._free -= size

    async def begin_overdraft(self) -> None:
        """Wait for the turn to overdraw, which ends with the room; raises `Unavailable` after a long wait."""
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await self._overdraft.acquire()
        except TimeoutError:
            raise Unavailable(_FULL, retry_after=_RETRY_SECONDS) from None

    async def _take(self, size: int) -> None:
        if not self._waiting and size <= self._free:
            self._free -= size
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await turn
        except BaseException as error:
            self._leave(size, turn)
            if isinstance(error, TimeoutError):
                raise Unavailable(_FULL, retry_after=_RETRY_SECONDS) from None
            raise

    def _leave(self, size: int, turn: "asyncio.Future[None]") -> None:
        """Leave the queue; a turn that was granted at the same moment passes on to the next."""
        if turn.done() and not turn.cancelled():
            self._give_back(size)
        else:
            self._waiting.remove((size, turn))
            self._admit()

    def _give_back(self, size: int) -> None:
        self._free += size
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= size
                turn.set_result(None)
