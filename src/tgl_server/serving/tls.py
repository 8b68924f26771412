"""TLS without a proxy: a certificate and its key, checked before Granian gets them."""

import ssl
from pathlib import Path

from msgspec import Struct

from tgl_server.errors import StartupError
from tgl_server.settings import Settings


class Tls(Struct, frozen=True):
    """The files of a certificate, with those that lead to its authority, and of its key; both in PEM."""

    certificate: Path
    key: Path


def checked_tls(certificate: Path | None, key: Path | None, settings: Settings) -> Tls | None:
    """The two files, or None where neither is named; raises `StartupError` for what no browser could connect to."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise StartupError("TLS needs both files; name --tls-cert and --tls-key")
    if settings.public_url.startswith("http://"):
        raise StartupError("PUBLIC_URL begins with http:// and this server speaks TLS; begin it with https://")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        reason = (error.reason or "not PEM").replace("_", " ").lower()
        raise StartupError(
            f"{certificate} and {key} are no certificate and its key: {reason}; "
            "name the whole chain in PEM, and a key without a password"
        ) from None
    except OSError as error:
        raise StartupError(
            f"{certificate} or {key} cannot be read: {error.strerror}; let the account of the server read both"
        ) from None
    return Tls(certificate, key)


def _no_password() -> str:
    """OpenSSL would ask for one on the terminal."""
    return ""
