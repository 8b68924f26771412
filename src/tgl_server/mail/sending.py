"""Sending what waits in the queue. Any number of processes may: one takes a mail and keeps it until its lease ends.

A process that dies between the mail server's "accepted" and our note of it leaves a mail that is sent again, with the
same Message-ID; nothing can rule that out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.db.rows import changed_rows
from tgl_server.logs.outages import Outage
from tgl_server.mail import queries
from tgl_server.mail.message import CannotBeWritten, build
from tgl_server.mail.models import MailState
from tgl_server.mail.service import Mailbox
from tgl_server.mail.transport import STEPS, Connection, ConnectionEnded, Refused, Transport, TryLater
from tgl_server.metrics.definitions import MAIL_ATTEMPTS, counter
from tgl_server.sealing.errors import CannotOpen
from tgl_server.settings import Settings

log = structlog.get_logger()

#: The pauses after each failed attempt; the last one is repeated until the mail expires.
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 5, 15, 60, 180))
_LOOK_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 15.0
_FORGET_ROWS: Final = 10_000


class Sender:
    """Takes mails from the queue and hands them to the mail server."""

    def __init__(self, database: Database, mailbox: Mailbox, settings: Settings) -> None:
        self._database, self._mailbox, self._transport = database, mailbox, Transport(settings)
        self._seconds = STEPS * settings.smtp_timeout_seconds
        self._lease = timedelta(seconds=self._seconds + 60)
        self._outage = Outage("mail_server_lost", "mail_server_back")

    async def send_due(self, stop: Stop | None = None) -> int:
        """Send all that is due, one after the other; the number sent. Raises `ConnectionEnded`, the mail put back."""
        sent = 0
        async with AsyncExitStack() as stack:
            connection: Connection | None = None
            while not (stop and stop.is_asked) and (row := await self._claim()) is not None:
                try:
                    if connection is None:
                        connection = await stack.enter_async_context(self._transport.connected())
                    sent += await self._send(row, connection)
                except ConnectionEnded as error:
                    await self._put_back(row, str(error))
                    self._outage.note(reason=str(error))
                    raise
                self._outage.end()
        return sent

    async def _send(self, row: RowMapping, connection: Connection) -> int:
        if row["is_late"]:
            await self._finish(row, MailState.EXPIRED, "it is too late for it, or its account is retired")
            return 0
        sender, recipient = self._mailbox.sender, row["email"]
        try:
            mail = self._mailbox.open(row["id"], row["sealed"])
            message = build(mail, row["id"], sender, recipient, row["created_at"])
            async with asyncio.timeout(self._seconds):
                await connection.send(message, sender.addr_spec, recipient)
        except (Refused, CannotBeWritten) as error:
            await self._finish(row, MailState.REFUSED, str(error))
        except CannotOpen:
            await self._finish(row, MailState.EXPIRED, "SECRET_KEY has changed since it was written")
        except TimeoutError:
            raise ConnectionEnded("it took too long") from None
        except ConnectionEnded:
            raise
        except TryLater as error:
            await self._put_back(row, str(error))
        else:
            await self._finish(row, MailState.SENT, None)
            return 1
        return 0

    async def _claim(self) -> RowMapping | None:
        token = uuid4()
        async with self._database.transaction() as tx:
            found = await tx.execute(queries.CLAIM, {"token": token, "lease": self._lease})
            return found.mappings().one_or_none()

    async def _finish(self, row: RowMapping, state: MailState, error: str | None) -> None:
        async with self._database.transaction() as tx:
            ended = {"id": row["id"], "token": row["lease_token"], "state": state, "error": error}
            await tx.execute(queries.FINISH, ended)
        counter(MAIL_ATTEMPTS, state).inc()
        if state is MailState.SENT:
            log.info("mail_sent", mail_id=str(row["id"]), kind=row["kind"])
        else:
            log.warning("mail_not_sent", mail_id=str(row["id"]), kind=row["kind"], outcome=state, reason=error)

    async def _put_back(self, row: RowMapping, error: str) -> None:
        pause = PAUSES[min(row["attempts"], len(PAUSES)) - 1]
        async with self._database.transaction() as tx:
            back = {"id": row["id"], "token": row["lease_token"], "pause": pause, "error": error}
            await tx.execute(queries.PUT_BACK, back)
        counter(MAIL_ATTEMPTS, "delayed").inc()

    async def forget_old(self, kept: timedelta) -> int:
        """Delete a batch of rows about mails that ended long ago; the number of them."""
        async with self._database.transaction() as tx:
            return await changed_rows(tx, queries.FORGET, kept=kept, limit=_FORGET_ROWS)


@asynccontextmanager
async def sending_mails(database: Database, mailbox: Mailbox, settings: Settings) -> AsyncIterator[None]:
    """Send what is due while the block runs; a mail that has begun is finished."""
    if not mailbox.is_on:
        yield
        return
    sender, kept = Sender(database, mailbox, settings), timedelta(days=settings.mail_retention_days)

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            pause = _LOOK_SECONDS
            try:
                await sender.send_due(stop)
                await sender.forget_old(kept)
            except ConnectionEnded:
                pause = _AWAY_SECONDS
            except (SQLAlchemyError, OSError) as error:
                log.warning("mails_not_sent", reason=type(error).__name__)
                pause = _AWAY_SECONDS
            await stop.pause(pause)

    async with run_until_stopped(work):
        yield
