"""What pushes leave and nobody looks at after a time: runs, reasons, rows of the ingest log, uses of keys by day.

The sweep forgets them once an hour, as that reads whole tables. What sums them up stays: the commits and counters of a
repository, its last runs, a run's counts, a key's uses.
"""

from typing import Any, Final

import structlog
from sqlalchemy import TextClause

from tgl_server.auth.queries import FORGET_USES
from tgl_server.db.engine import Database
from tgl_server.ingest import forgetting_queries
from tgl_server.ingest.queries import TRY_TO_SWEEP
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
    for statement, days, event in (
        (forgetting_queries.FORGET_RUN_ERRORS, settings.run_errors_retention_days, "run_errors_forgotten"),
        (forgetting_queries.FORGET_RUNS, settings.runs_retention_days, "runs_forgotten"),
        (FORGET_USES, settings.key_usage_retention_days, "key_usage_forgotten"),
    ):
        if total := await _forget(database, statement, days):
            log.info(event, rows=total)
    await _forget_log(database, settings.ingest_log_retention_days)


async def _forget_log(database: Database, days: int) -> None:
    """Forget rows of the ingest log, a repository at a time, so that a distributed database asks one node for each."""
    if not days:
        return
    async with database.statements() as connection:
        due = list(await connection.scalars(forgetting_queries.OLD_LOGS, {"days": days}))
    total = sum([await _forget(database, forgetting_queries.FORGET_LOG, days, repo_id=repo_id) for repo_id in due])
    if total:
        log.info("ingest_log_forgotten", rows=total, repos=len(due))


async def _forget(database: Database, statement: TextClause, days: int, **which: Any) -> int:
    """The rows deleted; 0 days keep all."""
    total, rows = 0, _BATCH_ROWS
    while days and rows >= _BATCH_ROWS - 1:  # of a batch of the log one row stays
        async with database.transaction() as tx:
            if not await tx.scalar(TRY_TO_SWEEP, {"key": _LOCK_KEY}):
                return total
            rows = await tx.scalar(statement, {"days": days, "limit": _BATCH_ROWS, **which})
        total += rows
    return total
