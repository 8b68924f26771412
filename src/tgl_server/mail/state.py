"""The state of mails for the operator: whether the mail server takes us, and what waits for it."""

from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.mail.service import Waiting, waiting_mails
from tgl_server.mail.transport import ConnectionEnded, Transport
from tgl_server.settings import Settings

_SECONDS: Final = 5.0


class MailServerState(Struct, frozen=True):
    """`problem` is why no connection could be made, encrypted and logged in as SMTP_URL has it; None if one could."""

    problem: str | None
    waiting: Waiting


async def read_mail(connection: AsyncConnection, settings: Settings) -> MailServerState | None:
    """The state at this moment; None where no mails are sent. The mail server is given five seconds for each answer."""
    if not settings.sends_mail:
        return None
    return MailServerState(await _problem(settings), await waiting_mails(connection))


async def _problem(settings: Settings) -> str | None:
    try:
        async with Transport(settings).connected(_SECONDS):
            return None
    except ConnectionEnded as error:
        return str(error)
