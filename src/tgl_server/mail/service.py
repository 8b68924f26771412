"""Putting mails into the queue, in the transaction of what they are about: both happen, or neither."""

import base64
from datetime import timedelta
from email.headerregistry import Address
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from tgl_server.mail import queries
from tgl_server.mail.letter import Letter, as_html, as_text
from tgl_server.mail.message import Mail
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings, mail_sender

#: A mail that could not be sent for so long is given up; most are of no use by then.
LIFETIME: Final = timedelta(days=3)
_PURPOSE: Final = "mail"


class Waiting(Struct, frozen=True):
    """The queue: how many mails wait, for how long the oldest has, and why the last attempt of one failed."""

    number: int
    seconds: float
    last_error: str | None


class Mailbox:
    """The queue of mails. Where SMTP_URL is not set, `is_on` is False and nothing may be put into it.

    What a mail says is sealed with a key that is derived from SECRET_KEY: some have a link that opens an account, and
    the database and its backups hold no such thing in clear text.
    """

    def __init__(self, settings: Settings) -> None:
        self.is_on = settings.sends_mail
        self.origin = settings.public_origin
        self._sealer = Sealer([_key_of(settings.secret_key)]) if self.is_on else Sealer(())
        self._sender = mail_sender(settings) if self.is_on else None

    @property
    def sender(self) -> Address:
        """Who mails are from."""
        assert self._sender is not None
        return self._sender

    async def put(
        self,
        tx: AsyncSession,
        user_id: UUID,
        kind: str,
        letter: Letter,
        *,
        unsubscribe: str = "",
        lifetime: timedelta = LIFETIME,
    ) -> UUID:
        """Put a letter to somebody into the queue; its mail's id."""
        mail_id = uuid7()
        content = {
            "subject": letter.subject,
            "text": as_text(letter),
            "html": as_html(letter),
            "unsubscribe": unsubscribe,
        }
        sealed = self._sealer.seal(_PURPOSE, mail_id, content)
        row = {"id": mail_id, "user_id": user_id, "kind": kind, "sealed": sealed, "lifetime": lifetime}
        await tx.execute(queries.ADD, row)
        return mail_id

    def open(self, mail_id: UUID, sealed: str) -> Mail:
        """The mail of a row; raises `CannotOpen` if SECRET_KEY has changed since."""
        return Mail(**self._sealer.open(sealed, _PURPOSE, mail_id))


async def is_too_often(tx: AsyncSession, user_id: UUID, kind: str, *, pause: timedelta, a_day: int) -> bool:
    """True if somebody got a mail of this kind within `pause`, or `a_day` of them within a day."""
    wanted = {"user_id": user_id, "kind": kind, "pause": pause}
    row = (await tx.execute(queries.LATELY, wanted)).one()
    return bool(row.is_recent or row.number >= a_day)


async def waiting_mails(connection: AsyncConnection) -> Waiting:
    """What waits in the queue."""
    row = (await connection.execute(queries.WAITING)).one()
    return Waiting(row.number, row.seconds or 0.0, row.last_error)


def _key_of(secret_key: str) -> str:
    derived = HKDF(SHA256(), 32, salt=None, info=b"thegitleague mail").derive(secret_key.encode())
    return base64.urlsafe_b64encode(derived).decode()
