"""The retention of the audit log: rows older than the settings say are deleted, refusals earlier than acts.

Anybody can be refused, as often as they like, so refusals must not be kept for ever. The trigger that keeps the log
append-only reads the cutoffs that are set here; each deletion is itself in the log. Any number of processes may try,
one at a time does it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit.service import Actor, record
from tgl_server.audit_logs import queries
from tgl_server.audit_logs.actions import AuditLogAction
from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

log = structlog.get_logger()

#: Rows of one transaction, so that none is long.
BATCH_ROWS = 10_000

# An arbitrary number, the same in every release, and not one of the other locks.
LOCK_KEY = 7_461_726_016


def retention_days(settings: Settings) -> dict[AuditOutcome, int]:
    """The days for which rows of each outcome are kept; 0 means for ever."""
    return {
        AuditOutcome.REFUSED: settings.audit_refusals_retention_days,
        AuditOutcome.SUCCESS: settings.audit_retention_days,
    }


async def prune(database: Database, outcome: AuditOutcome, days: int) -> int | None:
    """Delete the oldest rows beyond the retention, a batch at most; their number, None while another process does."""
    async with database.transaction() as tx:
        if not await tx.scalar(queries.TRY_TO_PRUNE, {"key": LOCK_KEY}):
            return None
        if not days:
            await tx.execute(queries.KEEP_FOR_EVER, {"outcome": outcome})
            return 0
        await tx.execute(queries.SET_CUTOFF, {"outcome": outcome, "days": days})
        return await _delete_batch(tx, outcome)


async def _delete_batch(tx: AsyncSession, outcome: AuditOutcome) -> int:
    gone = (await tx.execute(queries.DELETE_FORGOTTEN, {"outcome": outcome, "limit": BATCH_ROWS})).one()
    if gone.rows:
        details = {"outcome": outcome, "rows": gone.rows, "first": gone.first, "last": gone.last}
        await record(tx, Actor().did(AuditLogAction.AUDIT_LOG_PRUNED, "audit_log", None, **details))
    return int(gone.rows)


@asynccontextmanager
async def pruning(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Prune every SWEEP_SECONDS while the block runs; a batch that has begun is finished."""

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                for outcome, days in retention_days(settings).items():
                    await _prune_all(database, outcome, days, stop)
            except (SQLAlchemyError, OSError) as error:
                log.warning("audit_log_not_pruned", reason=type(error).__name__)
            await stop.pause(settings.sweep_seconds)

    async with run_until_stopped(work):
        yield


async def _prune_all(database: Database, outcome: AuditOutcome, days: int, stop: Stop) -> None:
    total = 0
    while not stop.is_asked and (rows := await prune(database, outcome, days)):
        total += rows
    if total:
        log.info("audit_log_pruned", outcome=outcome, rows=total)
