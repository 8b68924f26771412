"""Joins identities with the accounts whose addresses they are, every few seconds; any number of processes may."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.players.moving import join_accounts
from tgl_server.settings import Settings

log = structlog.get_logger()

# An account that has just been made should find its work; one look reads the accounts, of which there are few.
_PAUSE_SECONDS = 5.0


@asynccontextmanager
async def joining(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Join while the block runs; a server that does not follow the ingest log leaves this to others, too."""

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                async with database.transaction() as tx:
                    await join_accounts(tx)
            except (SQLAlchemyError, OSError) as error:
                log.warning("accounts_not_joined", reason=type(error).__name__)
            await stop.pause(_PAUSE_SECONDS)

    if settings.follower_pause_ms == 0:
        yield
        return
    async with run_until_stopped(work):
        yield
