"""Access tokens: JWTs signed with the server's secret by one pinned algorithm.

A token only says which session it belongs to; whether that session is still open is asked of the database.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import jwt
from msgspec import Struct

from tgl_server import errors
from tgl_server.settings import Settings

TYPE: Final = "access"

_CLAIMS = ("sub", "sid", "iat", "exp", "jti", "typ")


class AccessClaims(Struct, frozen=True):
    """What a token that was signed by us says."""

    user_id: UUID
    session_id: UUID


class AccessTokens:
    """Issues and reads access tokens. Without a secret in the settings they are good for this process alone."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret_key or secrets.token_urlsafe(64)
        self._algorithm = settings.algorithm.value
        self.lifetime = timedelta(minutes=settings.access_token_expire_minutes)

    def issue(self, user_id: UUID, session_id: UUID, now: datetime) -> str:
        claims = {
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": now,
            "exp": now + self.lifetime,
            "jti": uuid4().hex,
            "typ": TYPE,
        }
        return jwt.encode(claims, self._secret, algorithm=self._algorithm)

    def read(self, token: str) -> AccessClaims:
        """Raises `ExpiredToken`, or `InvalidCredentials` for everything else that is wrong with it."""
        try:
            claims = self._decode(token)
            if claims["typ"] != TYPE:
                raise errors.InvalidCredentials
            return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]))
        except jwt.ExpiredSignatureError:
            raise errors.ExpiredToken from None
        # ValueError: a token that is no text, or claims that are no UUIDs.
        except (jwt.InvalidTokenError, ValueError, AttributeError):
            raise errors.InvalidCredentials("This access token is not valid; log in again.") from None

    def _decode(self, token: str) -> dict[str, Any]:
        # A token issued by another machine whose clock is ahead is none the worse for it.
        options: Any = {"require": list(_CLAIMS), "verify_iat": False}
        decoded: dict[str, Any] = jwt.decode(token, self._secret, algorithms=[self._algorithm], options=options)
        return decoded
