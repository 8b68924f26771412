"""Which repositories, running seasons and watched endpoints have changed, for pages that are open: one statement a
second, and only while somebody listens.

Polling, not LISTEN and NOTIFY: a transaction that notifies commits under a lock of the whole instance, which would put
all pushes in one queue, and a pooler in transaction mode passes nothing on (pgbouncer/pgbouncer#655). A version counts
up with every change of a repository's state; a time of change would miss transactions that take longer than a poll.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.db.engine import Database

POLL_SECONDS: Final = 1.0

# A season's number counts up with every change of what is computed of it, which is after that of the repository. Of an
# endpoint the newest deliveries are looked at, those of its page's first: each change of a row makes its xmin another,
# so that sending has nothing to count and no row to lock.
_VERSIONS = text("""
    SELECT repo_id AS id, version FROM repo_states
    UNION ALL SELECT id, changed_seq FROM seasons WHERE state IN ('open', 'closing')
    UNION ALL
    SELECT e.id, hashtextextended(concat_ws(' ', e.xmin, (
        SELECT string_agg(concat_ws(' ', d.n, d.xmin), ',' ORDER BY d.n)
        FROM (SELECT n, xmin FROM endpoint_deliveries WHERE endpoint_id = e.id ORDER BY n DESC LIMIT 50) d
    )), 0)
    FROM endpoints e WHERE e.id = ANY(CAST(:watched AS uuid[]))
""")


class Listener:
    """What has changed since somebody last asked; of endpoints those that are watched."""

    def __init__(self, watched: frozenset[UUID]) -> None:
        self.watched = watched
        self._changed: set[UUID] = set()
        self._woken = asyncio.Event()
        #: Set once there is something to compare with: from then on no change is missed.
        self.begun = asyncio.Event()

    def note(self, changed: set[UUID]) -> None:
        self._changed |= changed
        self._woken.set()

    async def wait(self, seconds: float) -> set[UUID]:
        """The ids of what has changed, as soon as there is any; empty after so many seconds."""
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return set()
        self._woken.clear()
        changed, self._changed = self._changed, set()
        return changed


class RepoVersions:
    """The versions of all that pages show, compared from poll to poll; it ends with the last listener."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self._polling: asyncio.Task[None] | None = None

    def listen(self, watched: Iterable[UUID] = ()) -> Listener:
        """A new listener, until `leave`; endpoints are only looked at while somebody watches them."""
        listener = Listener(frozenset(watched))
        self._listeners.add(listener)
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener; it waits for nothing, as a stream that is cancelled must not (litestar#3772)."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """End the polling."""
        self._listeners.clear()
        if self._polling is not None:
            self._polling.cancel()

    async def _poll(self) -> None:
        before = await self._read(self._watched())
        self._begin_all()
        while self._listeners:
            await asyncio.sleep(POLL_SECONDS)
            watched = self._watched()
            now = await self._read(watched)
            if now is None:
                continue
            changed = set() if before is None else _changed(before, now)
            before = now
            for listener in self._listeners if changed else ():
                own = changed - (watched - listener.watched)
                if own and listener.begun.is_set():
                    listener.note(own)
            self._begin_all()

    def _begin_all(self) -> None:
        """Let those who came meanwhile hear of changes from here on."""
        for listener in self._listeners:
            listener.begun.set()

    def _watched(self) -> frozenset[UUID]:
        return frozenset().union(*(listener.watched for listener in self._listeners))

    async def _read(self, watched: frozenset[UUID]) -> Mapping[UUID, int] | None:
        """The versions; None while the database does not answer.

        Of the standby, if one is used: a page that is told sooner than the standby knows would read what was before.
        """
        try:
            async with self._database.lagging_statements() as connection:
                rows = await connection.execute(_VERSIONS, {"watched": list(watched)})
                return {row.id: row.version for row in rows}
        except (SQLAlchemyError, OSError):
            return None


def _changed(before: Mapping[UUID, int], now: Mapping[UUID, int]) -> set[UUID]:
    return {repo_id for repo_id in before.keys() | now.keys() if before.get(repo_id) != now.get(repo_id)}
