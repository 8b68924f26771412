"""What time alone changes, put into the database every minute: runs that a crash left open, and learned cadences.

Any number of processes may sweep: one at a time does, and the others leave at once. It never waits for a push.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.db.engine import Database
from tgl_server.settings import Settings

log = structlog.get_logger()

INTERRUPTED = "The last push was interrupted; the next one continues where it stopped."

# Any number, the same in every release, and another one than that of the migrations.
_LOCK_KEY = 7_461_726_002

# For a transaction and not for a connection, so that it works behind PgBouncer.
TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")

# The repository's row first, as in every statement that touches both; one that is locked is being pushed to.
# What is as far in the future was begun before the clock was set back: it would stay until the clock has caught up.
CLOSE_ABANDONED = text("""
    WITH abandoned AS MATERIALIZED (
        SELECT r.id FROM repos r
        WHERE r.id IN (
            SELECT repo_id FROM sync_runs
            WHERE state = 'running' AND last_batch_at NOT BETWEEN now() - CAST(:run_timeout AS interval)
                                                              AND now() + CAST(:run_timeout AS interval)
        ) OR (r.sync_status = 'syncing' AND r.last_attempt_at NOT BETWEEN now() - CAST(:run_timeout AS interval)
                                                                      AND now() + CAST(:run_timeout AS interval))
        ORDER BY r.id FOR NO KEY UPDATE SKIP LOCKED
    ), repo AS (
        UPDATE repos r SET sync_status = 'error', error_message = :message, last_error = :message,
                           last_error_at = now()
        FROM abandoned a
        WHERE r.id = a.id AND r.sync_status = 'syncing'
          AND r.last_attempt_at NOT BETWEEN now() - CAST(:run_timeout AS interval)
                                        AND now() + CAST(:run_timeout AS interval)
    ), run AS (
        UPDATE sync_runs s SET state = 'interrupted', finished_at = now(), error_message = :message
        FROM abandoned a
        WHERE s.repo_id = a.id AND s.state = 'running'
          AND s.last_batch_at NOT BETWEEN now() - CAST(:run_timeout AS interval)
                                      AND now() + CAST(:run_timeout AS interval)
        RETURNING s.id
    )
    SELECT count(*) FROM run
""")

# Three times the usual pause between the last 20 runs that brought something, once there were five; a day at the
# least, so that nobody is stale over lunch, and 30 days at the most. Once an hour for a repository that is pushed to.
LEARN_CADENCES = text("""
    WITH due AS MATERIALIZED (
        SELECT id FROM repos
        WHERE last_success_at > coalesce(learned_at, '-infinity')
          AND coalesce(learned_at, '-infinity') < now() - interval '1 hour'
        ORDER BY id LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE repos r SET learned_at = now(), learned_cadence = learned.cadence
    FROM due CROSS JOIN LATERAL (
        SELECT CASE WHEN count(pause) >= 4 THEN
                   least(greatest(3 * percentile_cont(0.5) WITHIN GROUP (ORDER BY pause), interval '1 day'),
                         interval '30 days')
               END AS cadence
        FROM (
            SELECT started_at - lead(started_at) OVER (ORDER BY started_at DESC) AS pause
            FROM (
                SELECT started_at FROM sync_runs
                WHERE repo_id = due.id AND state = 'done' AND inserted > 0
                ORDER BY started_at DESC LIMIT 20
            ) runs
        ) pauses
    ) learned
    WHERE r.id = due.id
""")


def is_abandoned(last_sign: datetime, now: datetime, run_timeout: timedelta) -> bool:
    """The same rule for a reader, who does not wait for the sweep."""
    return abs(now - last_sign) > run_timeout


async def sweep(database: Database, run_timeout: timedelta) -> int | None:
    """How many runs were closed; None while another process sweeps."""
    async with database.transaction() as tx:
        if not await tx.scalar(TRY_LOCK, {"key": _LOCK_KEY}):
            return None
        closed: int = await tx.scalar(CLOSE_ABANDONED, {"run_timeout": run_timeout, "message": INTERRUPTED})
        await tx.execute(LEARN_CADENCES)
    if closed:
        log.warning("runs_interrupted", runs=closed)
    return closed


@asynccontextmanager
async def sweeping(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Sweep every SWEEP_SECONDS as long as the block lasts; a sweep that has begun is finished."""
    stopped = asyncio.Event()
    run_timeout = timedelta(minutes=settings.run_timeout_minutes)

    async def work() -> None:
        while not stopped.is_set():
            try:
                await sweep(database, run_timeout)
            except (SQLAlchemyError, OSError) as error:
                log.warning("sweep_failed", reason=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), settings.sweep_seconds)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        stopped.set()
        await task
