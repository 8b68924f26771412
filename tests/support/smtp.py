"""A real mail server for the tests: aiosmtpd on a port of loopback, which keeps what it takes and refuses on demand."""

import asyncio
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.waiting import until

USER, PASSWORD = "league", "hunter-of-mails-4711"


@dataclass
class MailServer:
    """`answers` are those to the next messages, in their order; afterwards each is taken.

    While `is_awake` is cleared, messages wait for their answer.
    """

    port: int
    taken: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    attempts: int = 0
    recipients: list[str] = field(default_factory=list)
    is_encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    is_awake: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, parsed as mail programs do."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.taken]

    def forget(self) -> None:
        """As if nothing had been sent yet."""
        self.taken.clear()
        self.answers.clear()
        self.recipients.clear()
        self.attempts = 0

    def to(self, recipient: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == recipient]

    async def mail(self, recipient: str) -> EmailMessage:
        """The newest mail to somebody, once there is one."""
        found: list[EmailMessage] = await until(lambda: self.to(recipient))
        return found[-1]


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        server = self._server
        server.attempts += 1
        await asyncio.to_thread(server.is_awake.wait)
        answer = server.answers.pop(0) if server.answers else "250 OK"
        if answer.startswith("250"):
            server.recipients += envelope.rcpt_tos
            server.is_encrypted.append(session.ssl is not None)
            server.taken.append(cast("bytes", envelope.original_content))
        return answer


@contextmanager
def mail_server(
    *, port: int = 0, context: ssl.SSLContext | None = None, starttls: bool = False, logs_in: bool = False
) -> Iterator[MailServer]:
    """A mail server while the block runs: with TLS from the first byte, or with STARTTLS, which it insists on."""
    server = MailServer(port or _free_port())
    server.is_awake.set()

    def authenticate(_: SMTP, __: Session, ___: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        server.logins.append(mechanism)
        return AuthResult(success=is_right, handled=is_right)

    options: dict[str, Any] = {
        "hostname": "127.0.0.1",
        "port": server.port,
        "ident": "tests",
        "server_hostname": "tests",
        "enable_SMTPUTF8": True,
    }
    if logs_in:
        options |= {"authenticator": authenticate, "auth_required": True}
    if starttls:
        options |= {"tls_context": context, "require_starttls": True}
    elif context is not None:
        options |= {"ssl_context": context}
    controller = Controller(_Handler(server), **options)
    controller.start()
    try:
        yield server
    finally:
        server.is_awake.set()
        controller.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return cast("int", free.getsockname()[1])
