"""Refresh tokens: random texts, of which the database has a hash.

The successor of a token is made from it, from a salt in its row, and from the server's secret. So it can be made again
for a client that did not get the answer, and neither the database nor an old token alone tells it.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import Final

from tgl_server.settings import Settings

# Not `tgl_`, so that a refresh token sent as a bearer token by mistake is not taken for an API key.
MARK: Final = "tglr_"
_BYTES = 32
_PURPOSE = b"successor of a refresh token"


class RefreshTokens:
    """Makes refresh tokens; without a secret in the settings, only this process can make a successor again."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.secret_key.encode() or secrets.token_bytes(_BYTES)
        self._key = hmac.digest(secret, _PURPOSE, "sha256")

    def first(self) -> str:
        """A new token, for a session that begins."""
        return MARK + secrets.token_urlsafe(_BYTES)

    def successor(self, token: str, salt: bytes) -> str:
        """The token that follows one, always the same for the same salt."""
        made = hmac.digest(self._key, salt + token.encode(), "sha256")
        return MARK + urlsafe_b64encode(made).rstrip(b"=").decode()


def new_salt() -> bytes:
    return secrets.token_bytes(_BYTES)


def digest(token: str) -> bytes:
    """The hash of a token, as it is stored: a fast one is enough, as the token is random."""
    return hashlib.sha256(token.encode()).digest()
