"""Counting the uses of API keys without making a push wait: in memory, written every few seconds.

A key's row updated inside each request's transaction would make concurrent pushes queue, and deadlock with each
other. What a kill -9 loses is the counts of the last seconds; a clean stop loses nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import structlog
from msgspec import Struct

from tgl_server.auth.queries import COUNT_USES
from tgl_server.db.engine import Database
from tgl_server.origin import Origin

log = structlog.get_logger()


class _Use(Struct):
    count: int
    at: datetime
    origin: Origin


class UsageCounter:
    """Counts by key; inside `flushing` they are written every few seconds and once more at its end."""

    def __init__(self, database: Database, flush_seconds: float) -> None:
        self._database = database
        self._seconds = flush_seconds
        self._uses: dict[UUID, _Use] = {}
        self._stopped = asyncio.Event()

    def count(self, key_id: UUID, origin: Origin) -> None:
        """Note one use of a key; never waits."""
        use = self._uses.get(key_id)
        self._uses[key_id] = _Use((use.count if use else 0) + 1, datetime.now(UTC), origin)

    @asynccontextmanager
    async def flushing(self) -> AsyncIterator[None]:
        """The task is asked to stop, not cancelled: in the middle of a COMMIT nobody would know what was counted."""
        task = asyncio.create_task(self._flush_until_stopped())
        try:
            yield
        finally:
            self._stopped.set()
            await task

    async def _flush_until_stopped(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._seconds)
            # Whatever goes wrong, most often a database that is away: the counts are kept, and tried again.
            with contextlib.suppress(Exception):
                await self.flush()

    async def flush(self) -> None:
        """Write all counts; those that could not be written are kept for the next time."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            await self._write(uses)
        except BaseException:
            log.warning("api_key_usage_not_written", keys=len(uses))
            for key_id, use in uses.items():
                later = self._uses.get(key_id)
                self._uses[key_id] = _Use(use.count + later.count, later.at, later.origin) if later else use
            raise

    async def _write(self, uses: dict[UUID, _Use]) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(
                COUNT_USES,
                {
                    "ids": list(uses),
                    "uses": [use.count for use in uses.values()],
                    "ats": [use.at for use in uses.values()],
                    "ips": [use.origin.ip for use in uses.values()],
                    "agents": [use.origin.user_agent for use in uses.values()],
                },
            )
