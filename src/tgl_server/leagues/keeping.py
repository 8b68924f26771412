"""Keeps open seasons up to date beside the requests: new weeks, the end, and changes of identities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.leagues.seasons import keep_seasons
from tgl_server.settings import Settings

log = structlog.get_logger()

_PAUSE_SECONDS: Final = 3.0


@asynccontextmanager
async def keeping_seasons(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Keep them while the block runs, on servers that follow the ingest log; any number of processes may."""

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                await keep_seasons(database)
            except Exception as error:
                log.warning("seasons_not_kept", reason=type(error).__name__)
            await stop.pause(_PAUSE_SECONDS)

    if settings.follower_pause_ms == 0:
        yield
        return
    async with run_until_stopped(work):
        yield
