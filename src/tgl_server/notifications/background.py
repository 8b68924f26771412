"""The work beside the requests: events become notices, and notices become mails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.mail.service import Mailbox
from tgl_server.notifications.digest import digest
from tgl_server.notifications.following import follow_events
from tgl_server.notifications.unsubscribing import Unsubscribing
from tgl_server.settings import Settings

log = structlog.get_logger()

_PAUSE_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 5.0


@asynccontextmanager
async def notifying(database: Database, mailbox: Mailbox, settings: Settings) -> AsyncIterator[None]:
    """Tell people while the block runs; what has begun is finished. Any number of processes may."""
    unsubscribing = Unsubscribing(settings)

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            pause = _PAUSE_SECONDS
            try:
                while await follow_events(database, sends_mail=mailbox.is_on):
                    await stop.pause(0)
                if mailbox.is_on:
                    await digest(database, mailbox, unsubscribing)
            except (SQLAlchemyError, OSError) as error:
                log.warning("notifications_failed", reason=type(error).__name__)
                pause = _AWAY_SECONDS
            await stop.pause(pause)

    async with run_until_stopped(work):
        yield
