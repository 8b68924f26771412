"""The connection to the mail server: aiosmtplib, with our rules of what is tried again.

An answer of 4xx, a lost connection, TLS that fails and a refused login or sender may be different next time: they are
about the server or its settings. Any other answer of 5xx is about this mail, and final.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiosmtplib
from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from tgl_protocol.visible import visible
from tgl_server.logs.masking import mask_secrets
from tgl_server.settings import Security, Settings, smtp_server

_FINAL = range(500, 600)
#: Answers of 5xx that are about who we are, and not about the mail.
_ABOUT_US = (521, 530, 534, 535, 538)
_MAX_REASON = 200
#: Of the dialogue about one mail, each with a time-out of its own.
STEPS: Final = 10


class TryLater(Exception):
    """The mail was not sent, and may be another time; the message says why."""


class ConnectionEnded(TryLater):
    """The same, and no further mail can be sent on this connection."""


class Refused(Exception):
    """The mail server will not take the mail; the message is its answer."""


class Transport:
    """The mail server of SMTP_URL."""

    def __init__(self, settings: Settings) -> None:
        self._server, self._seconds = smtp_server(settings.smtp_url), settings.smtp_timeout_seconds
        self._ca_file = settings.smtp_ca_file or None

    @asynccontextmanager
    async def connected(self, seconds: float | None = None) -> AsyncIterator["Connection"]:
        """A connection, encrypted and logged in as SMTP_URL has it; raises `ConnectionEnded`."""
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            timeout=seconds or self._seconds,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=None if server.security is Security.CLEAR else self._context(),
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (SMTPException, OSError, ValueError) as error:
            raise ConnectionEnded(self._reason(error)) from None
        try:
            yield Connection(client, self)
        finally:
            with suppress(SMTPException, OSError):
                await client.quit()
            client.close()

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def _reason(self, error: Exception) -> str:
        """Why it failed, in a line without secrets; some servers repeat what they were sent."""
        secrets = [text for text in (self._server.password, self._server.username) if text]
        text = visible(mask_secrets(_text(error), secrets))
        return text[:_MAX_REASON]

    def sorted_out(self, error: Exception) -> Exception:
        """The failure of one mail as `Refused`, `TryLater` or `ConnectionEnded`."""
        reason = self._reason(error)
        if isinstance(error, SMTPRecipientsRefused):
            error = error.recipients[0]
        if isinstance(error, SMTPNotSupported):
            return Refused(reason)
        if isinstance(error, SMTPResponseException):
            is_ours = isinstance(error, SMTPSenderRefused | SMTPAuthenticationError) or error.code in _ABOUT_US
            return TryLater(reason) if is_ours or error.code not in _FINAL else Refused(reason)
        return ConnectionEnded(reason)


class Connection:
    """An open connection, for one mail after the other."""

    def __init__(self, client: SMTP, transport: Transport) -> None:
        self._client, self._transport = client, transport

    async def send(self, message: bytes, sender: str, recipient: str) -> None:
        """Hand a message over; raises `Refused`, `TryLater` or `ConnectionEnded`."""
        options = [] if recipient.isascii() else ["SMTPUTF8"]
        if options and not self._client.supports_extension("smtputf8"):
            raise Refused("it takes no addresses with characters beside ASCII")
        try:
            await self._client.sendmail(sender, [recipient], message, mail_options=options)
        except (SMTPException, OSError, UnicodeError) as error:
            raise self._transport.sorted_out(error) from None


def _text(error: Exception) -> str:
    if isinstance(error, SMTPRecipientsRefused):
        return _text(error.recipients[0])
    if isinstance(error, SMTPResponseException):
        return f"it answered {error.code} {error.message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return "it did not answer in time"
    return str(error) or type(error).__name__
