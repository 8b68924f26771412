"""Usage counters of API keys, kept in memory and written every few seconds, so that no push waits for them.

Updating a key's row in each request's transaction would make concurrent pushes wait for each other, and deadlock.
A kill -9 loses the counts of the last seconds; a clean stop loses nothing.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import structlog
from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.auth.queries import COUNT_USES
from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.http.client_address import Origin

log = structlog.get_logger()

_KeyDay = tuple[UUID, date]


class _Use(Struct):
    count: int
    at: datetime
    origin: Origin


class _Counts(Struct):
    """What is not written yet: the uses of each key with the last one, and uses and refusals by UTC day."""

    by_key: dict[UUID, _Use] = field(default_factory=dict)
    uses: Counter[_KeyDay] = field(default_factory=Counter)
    refused: Counter[_KeyDay] = field(default_factory=Counter)

    def add(self, later: "_Counts") -> None:
        for key_id, use in later.by_key.items():
            before = self.by_key.get(key_id)
            self.by_key[key_id] = _Use((before.count if before else 0) + use.count, use.at, use.origin)
        self.uses += later.uses
        self.refused += later.refused

    @property
    def keys(self) -> set[UUID]:
        return {key_id for key_id, _ in (self.uses | self.refused)}


class UsageCounter:
    """Counts uses by key; inside `flushing` they are written every few seconds, and once more at its end."""

    def __init__(self, database: Database, flush_seconds: float) -> None:
        self._database = database
        self._seconds = flush_seconds
        self._counts = _Counts()

    def count(self, key_id: UUID, origin: Origin) -> None:
        """Note one use of a key; never waits."""
        now = datetime.now(UTC)
        use = self._counts.by_key.get(key_id)
        self._counts.by_key[key_id] = _Use((use.count if use else 0) + 1, now, origin)
        self._counts.uses[key_id, now.date()] += 1

    def count_refused(self, key_id: UUID) -> None:
        """Note one refusal of a key that was the right one; never waits."""
        self._counts.refused[key_id, datetime.now(UTC).date()] += 1

    @asynccontextmanager
    async def flushing(self) -> AsyncIterator[None]:
        """Write counts while the block runs. The task is asked to stop, not cancelled: a COMMIT must not be cut off."""
        async with run_until_stopped(self._flush_now_and_then):
            yield

    async def _flush_now_and_then(self, stop: Stop) -> None:
        while not stop.is_asked:
            await stop.pause(self._seconds)
            # Whatever goes wrong, most often a database that does not answer: the counts are kept and written later.
            with contextlib.suppress(Exception):
                await self.flush()

    async def flush(self) -> None:
        """Write all counts; those that could not be written are kept for the next time."""
        counts, self._counts = self._counts, _Counts()
        if not counts.keys:
            return
        try:
            async with self._database.transaction() as tx:
                await _write(tx, counts)
        except BaseException:
            log.warning("api_key_usage_not_written", keys=len(counts.keys))
            counts.add(self._counts)
            self._counts = counts
            raise


async def _write(tx: AsyncSession, counts: _Counts) -> None:
    by_key, days = counts.by_key, list(counts.uses | counts.refused)
    await tx.execute(
        COUNT_USES,
        {
            "ids": list(by_key),
            "uses": [use.count for use in by_key.values()],
            "ats": [use.at for use in by_key.values()],
            "ips": [use.origin.ip for use in by_key.values()],
            "agents": [use.origin.user_agent for use in by_key.values()],
            "day_ids": [key_id for key_id, _ in days],
            "days": [day for _, day in days],
            "day_uses": [counts.uses[key] for key in days],
            "day_refused": [counts.refused[key] for key in days],
        },
    )
