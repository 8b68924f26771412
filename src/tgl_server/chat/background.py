"""The work beside the requests: events become messages in chats."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Stop, run_until_stopped
from tgl_server.chat.telling import follow_events, send_due
from tgl_server.db.engine import Database
from tgl_server.endpoints.background import post_policy
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings

log = structlog.get_logger()

_PAUSE_SECONDS: Final = 2.0
_AWAY_SECONDS: Final = 5.0


@asynccontextmanager
async def telling_chats(database: Database, sealer: Sealer, settings: Settings) -> AsyncIterator[None]:
    """Tell chats while the block runs; a message that has begun is finished. Any number of processes may."""
    policy, origin = post_policy(settings), settings.public_origin

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            pause = _PAUSE_SECONDS
            try:
                while await follow_events(database):
                    await stop.pause(0)
                while await send_due(database, sealer, policy, origin):
                    await stop.pause(0)
            except (SQLAlchemyError, OSError) as error:
                log.warning("chats_not_told", reason=type(error).__name__)
                pause = _AWAY_SECONDS
            await stop.pause(pause)

    async with run_until_stopped(work):
        yield
