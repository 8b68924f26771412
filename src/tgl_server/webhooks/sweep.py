"""The sweep of webhooks, every SWEEP_SECONDS: old secrets, old deliveries, and hashes that are older than 30 days.

Any number of processes may try, one at a time sweeps.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.db.rows import changed_rows
from tgl_server.settings import Settings
from tgl_server.webhooks import queries

log = structlog.get_logger()

#: Rows of one transaction, so that none is long.
BATCH_ROWS = 10_000

# An arbitrary number, the same in every release, and not one of the other locks.
_LOCK_KEY = 7_461_726_029


async def sweep_webhooks(database: Database, kept: timedelta) -> int:
    """Delete a batch of what is too old; the rows deleted, 0 also while another process sweeps."""
    async with database.transaction() as tx:
        if not await tx.scalar(queries.TRY_TO_SWEEP, {"key": _LOCK_KEY}):
            return 0
        await tx.execute(queries.WIPE_OLD_SECRETS)
        seen = await changed_rows(tx, queries.FORGET_SEEN, limit=BATCH_ROWS)
        return seen + await changed_rows(tx, queries.FORGET_DELIVERIES, kept=kept, limit=BATCH_ROWS)


@asynccontextmanager
async def sweeping_webhooks(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Sweep every SWEEP_SECONDS while the block runs; a batch that has begun is finished."""
    kept = timedelta(days=settings.webhook_deliveries_retention_days)

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                while await sweep_webhooks(database, kept) == BATCH_ROWS:
                    await stop.pause(0)
            except (SQLAlchemyError, OSError) as error:
                log.warning("webhooks_not_swept", reason=type(error).__name__)
            await stop.pause(settings.sweep_seconds)

    async with run_until_stopped(work):
        yield
