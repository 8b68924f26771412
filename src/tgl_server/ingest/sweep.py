"""The sweep, every minute: it closes runs that a crash left open, learns cadences, and tells of troubled repositories.

Any number of processes may try: one at a time sweeps, and the others return at once. It never waits for a push.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Heartbeat, Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.ingest import queries
from tgl_server.ingest.forgetting import PAUSE_SECONDS, forget_old
from tgl_server.ingest.run_events import tell_runs, tell_troubles
from tgl_server.projects.freshness import INTERRUPTIONS
from tgl_server.settings import Settings

log = structlog.get_logger()

# An arbitrary number, the same in every release, and not the one of the migrations.
_LOCK_KEY = 7_461_726_002


async def sweep(database: Database, run_timeout: timedelta) -> int | None:
    """Sweep once; the number of runs closed, None while another process sweeps."""
    async with database.transaction() as tx:
        if not await tx.scalar(queries.TRY_TO_SWEEP, {"key": _LOCK_KEY}):
            return None
        closed = (await tx.execute(queries.CLOSE_ABANDONED, {"run_timeout": run_timeout, **INTERRUPTIONS})).all()
        for run in closed:
            await tell_runs(tx, run.repo_id, [run.id])
        await tx.execute(queries.LEARN_CADENCES)
        await tell_troubles(tx)
    if closed:
        log.warning("runs_interrupted", runs=len(closed))
    return len(closed)


@asynccontextmanager
async def sweeping(database: Database, settings: Settings, swept: Heartbeat) -> AsyncIterator[None]:
    """Sweep every SWEEP_SECONDS while the block runs; a sweep that has begun is finished.

    `swept` beats after each, also one that another process did.
    """
    run_timeout = timedelta(minutes=settings.run_timeout_minutes)

    forgot = Heartbeat()

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                await sweep(database, run_timeout)
                swept.beat()
                if forgot.age is None or forgot.age > PAUSE_SECONDS:
                    await forget_old(database, settings)
                    forgot.beat()
            except (SQLAlchemyError, OSError) as error:
                log.warning("sweep_failed", reason=type(error).__name__)
            await stop.pause(settings.sweep_seconds)

    async with run_until_stopped(work):
        yield
