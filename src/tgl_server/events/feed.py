"""New events for whoever listens in this process: one statement a second, and only while somebody does.

Polling, not LISTEN and NOTIFY: a pooler in transaction mode passes nothing on (pgbouncer/pgbouncer#655).
"""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from tgl_server.db.engine import Database
from tgl_server.events.relay import POLL_SECONDS
from tgl_server.events.service import Event, events_after, last_seq
from tgl_server.metrics.definitions import EVENT_STREAMS

#: The most listeners of one user, and of a process.
MOST_OF_USER: Final = 5
MOST: Final = 200
# Of new events, for listeners that are slow; whoever is slower reads the table.
_KEPT: Final = 1000
_PAGE: Final = 500


class Listener:
    """Somebody who listens; `woken` is set when there are new events."""

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.woken = asyncio.Event()


class EventFeed:
    """The new events of all projects, in order; the polling begins with the first listener and ends with the last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self._of_user: Counter[UUID] = Counter()
        self._polling: asyncio.Task[None] | None = None
        self._recent: deque[Event] = deque()
        #: All events with higher numbers, up to `_last`, are in `_recent`.
        self._floor = 0
        self._last = 0
        self._begun = asyncio.Event()

    def is_full(self, user_id: UUID) -> bool:
        """True if the user, or the process, has as many listeners as they may."""
        return self._of_user[user_id] >= MOST_OF_USER or len(self._listeners) >= MOST

    def listen(self, user_id: UUID) -> Listener | None:
        """A new listener, until `leave`; None if the user or the process has as many as they may."""
        if self.is_full(user_id):
            return None
        listener = Listener(user_id)
        self._listeners.add(listener)
        self._of_user[user_id] += 1
        self._count()
        if self._polling is None:
            self._begun.clear()
            self._polling = asyncio.create_task(self._poll())
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener; it waits for nothing, as a stream that is cancelled must not (litestar#3772)."""
        if listener not in self._listeners:
            return
        self._listeners.discard(listener)
        self._of_user[listener.user_id] -= 1
        if not self._of_user[listener.user_id]:
            del self._of_user[listener.user_id]
        self._count()
        if not self._listeners:
            self.close()

    def close(self) -> None:
        """End the polling."""
        self._listeners.clear()
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None

    async def begin(self) -> int:
        """The number after which whoever listens from now on misses nothing."""
        await self._begun.wait()
        return self._last

    async def after(self, seq: int) -> Sequence[Event]:
        """The events after a number that are known, or a page of them; raises errors of the database."""
        if seq >= self._floor:
            return [event for event in self._recent if event.seq > seq]
        async with self._database.statements() as connection:
            return await events_after(connection, seq, _PAGE)

    async def _poll(self) -> None:
        self._recent.clear()
        while True:
            with suppress(SQLAlchemyError, OSError):  # the database's own line in the log says that it is away
                await self._look()
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self) -> None:
        async with self._database.statements() as connection:
            if not self._begun.is_set():
                self._floor = self._last = await last_seq(connection)
                self._begun.set()
            found = await events_after(connection, self._last, _PAGE)
        if not found:
            return
        self._recent.extend(found)
        self._last = found[-1].seq
        while len(self._recent) > _KEPT:
            self._floor = self._recent.popleft().seq
        for listener in self._listeners:
            listener.woken.set()

    def _count(self) -> None:
        EVENT_STREAMS.labels("open").set(len(self._listeners))
