"""What pushes leave and nobody looks at after a time: reasons for refused commits, and uses of keys by day.

The sweep forgets them once an hour, as that reads whole tables. What sums them up stays: a run's counts, a key's uses.
"""

from typing import Final

import structlog
from sqlalchemy import TextClause

from tgl_server.auth.queries import FORGET_USES
from tgl_server.db.engine import Database
from tgl_server.ingest import queries
from tgl_server.settings import Settings

log = structlog.get_logger()

#: How often; in seconds.
PAUSE_SECONDS: Final = 3600.0

#: Rows of one transaction, so that none is long.
_BATCH_ROWS: Final = 10_000
# An arbitrary number, the same in every release, and not one of the other locks.
_LOCK_KEY: Final = 7_461_726_023


async def forget_old(database: Database, settings: Settings) -> None:
    """Delete what is older than the settings say; other processes leave it to the one that has begun."""
    await _forget(database, queries.FORGET_RUN_ERRORS, settings.run_errors_retention_days, "run_errors_forgotten")
    await _forget(database, FORGET_USES, settings.key_usage_retention_days, "key_usage_forgotten")


async def _forget(database: Database, statement: TextClause, days: int, event: str) -> None:
    total, rows = 0, _BATCH_ROWS
    while days and rows == _BATCH_ROWS:
        async with database.transaction() as tx:
            if not await tx.scalar(queries.TRY_TO_SWEEP, {"key": _LOCK_KEY}):
                return
            rows = await tx.scalar(statement, {"days": days, "limit": _BATCH_ROWS})
        total += rows
    if total:
        log.info(event, rows=total)
