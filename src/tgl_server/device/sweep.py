"""Forgets logins that are over, every SWEEP_SECONDS; any number of processes may."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.device.queries import FORGET_EXPIRED
from tgl_server.settings import Settings

log = structlog.get_logger()


@asynccontextmanager
async def forgetting(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Delete them while the block runs."""

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                async with database.transaction() as tx:
                    await tx.execute(FORGET_EXPIRED)
            except (SQLAlchemyError, OSError) as error:
                log.warning("device_logins_not_forgotten", reason=type(error).__name__)
            await stop.pause(settings.sweep_seconds)

    async with run_until_stopped(work):
        yield
