"""Counting the uses of API keys without making a push wait: in memory, written every few seconds.

A key's row updated inside each request's transaction would make concurrent pushes queue, and deadlock with each
other. What a kill -9 loses is the counts of the last seconds; a clean stop loses nothing.
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.auth.queries import COUNT_USES
from tgl_server.db.engine import Database
from tgl_server.origin import Origin

FLUSH_SECONDS = 5.0

log = structlog.get_logger()


class _Use(Struct):
    count: int
    at: datetime
    origin: Origin


class UsageCounter:
    """Counts by key; `run` writes them until it is cancelled, `flush` writes what there is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uses: dict[UUID, _Use] = {}

    def count(self, key_id: UUID, origin: Origin) -> None:
        """Note one use of a key."""
        use = self._uses.get(key_id)
        self._uses[key_id] = _Use((use.count if use else 0) + 1, datetime.now(UTC), origin)

    async def run(self) -> None:
        """Flush for ever; a database that is away is tried again with the counts kept."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            with contextlib.suppress(SQLAlchemyError, OSError):
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
        # In the order of the ids: two processes that flush at once must lock the rows in one order.
        rows = sorted(uses.items())
        async with self._database.transaction() as tx:
            await tx.execute(
                COUNT_USES,
                {
                    "ids": [key_id for key_id, _ in rows],
                    "uses": [use.count for _, use in rows],
                    "ats": [use.at for _, use in rows],
                    "ips": [use.origin.ip for _, use in rows],
                    "agents": [use.origin.user_agent for _, use in rows],
                },
            )
