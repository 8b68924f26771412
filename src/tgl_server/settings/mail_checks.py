"""The mail server that SMTP_URL names, and the checks of what mails need."""

import re
from email.headerregistry import Address
from email.policy import SMTP
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.model import Settings

_FORM = "write it like smtps://user:password@mail.example:465 or smtp://mail.example:587"
_SUBMISSION_PORT, _SUBMISSIONS_PORT, _RELAY_PORT = 587, 465, 25
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


class Security(StrEnum):
    """How a connection to the mail server is protected: from its first byte, by STARTTLS, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    CLEAR = "clear"


class SmtpServer(Struct, frozen=True):
    """What SMTP_URL says."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port}, {self.security})"


def check_mail(settings: Settings) -> None:
    """Raises `BadSetting` for a mail server that cannot be meant, or without what its mails need."""
    if settings.mail_from:
        mail_sender(settings)
    if not settings.smtp_url:
        return
    smtp_server(settings.smtp_url)
    if not settings.mail_from:
        raise BadSetting("SMTP_URL needs MAIL_FROM, the sender of mails; write TheGitLeague <league@mail.example>")
    if not settings.public_url:
        raise BadSetting("SMTP_URL needs PUBLIC_URL, as mails have links to this server")
    if settings.smtp_ca_file and not Path(settings.smtp_ca_file).is_file():
        raise BadSetting(f"SMTP_CA_FILE={settings.smtp_ca_file} is no file; name one with certificates in PEM")


def mail_sender(settings: Settings) -> Address:
    """The name and address of MAIL_FROM; raises `BadSetting`."""
    text = settings.mail_from
    header = SMTP.header_factory("From", text) if text.isprintable() else None
    found: tuple[Address, ...] = getattr(header, "addresses", ())
    if header is None or header.defects or len(found) != 1 or not found[0].username or not found[0].domain:
        raise BadSetting(f"MAIL_FROM={text!r} is no sender; write TheGitLeague <league@mail.example>")
    sender = found[0]
    if not sender.addr_spec.isascii():
        raise BadSetting("MAIL_FROM must be an address of ASCII letters, which every mail server takes")
    return sender


def smtp_server(url: str) -> SmtpServer:
    """The server that an SMTP_URL means; raises `BadSetting`, whose text never has a part of it.

    `smtp://` insists on STARTTLS, except to this machine, where nobody listens; `?starttls=off` and
    `?starttls=required` say it otherwise. A password needs an encrypted connection, or this machine.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise BadSetting(f"SMTP_URL is no address of a mail server; {_FORM}") from None
    if parts.scheme not in ("smtp", "smtps") or not _HOST.fullmatch(host) or parts.path.strip("/") or parts.fragment:
        raise BadSetting(f"SMTP_URL is no address of a mail server; {_FORM}")
    security = _security(parts.scheme, host, asked)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password):
        raise BadSetting(f"SMTP_URL has a user name without a password, or a password alone; {_FORM}")
    if password and security is Security.CLEAR and not _is_here(host):
        raise BadSetting("SMTP_URL would send its password in clear text; leave ?starttls=off out, or use smtps://")
    return SmtpServer(host, port or _default_port(security), security, username, password)


def _security(scheme: str, host: str, asked: dict[str, list[str]]) -> Security:
    wanted = asked.pop("starttls", [""])
    if asked or wanted not in ([""], ["off"], ["required"]) or (scheme == "smtps" and wanted != [""]):
        raise BadSetting("SMTP_URL knows ?starttls=required and ?starttls=off after smtp://, and nothing else")
    if scheme == "smtps":
        return Security.TLS
    if wanted == [""]:
        return Security.CLEAR if _is_here(host) else Security.STARTTLS
    return Security.STARTTLS if wanted == ["required"] else Security.CLEAR


def _default_port(security: Security) -> int:
    return {
        Security.TLS: _SUBMISSIONS_PORT,
        Security.STARTTLS: _SUBMISSION_PORT,
        Security.CLEAR: _RELAY_PORT,
    }[security]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
