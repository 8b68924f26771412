"""Access tokens: JWTs signed with the server's secret by one pinned algorithm.

A token only says which session it belongs to; the database says whether that session is still open.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import jwt
from msgspec import Struct

from tgl_server import errors
from tgl_server.settings import Settings

TYPE: Final = "access"

_CLAIMS = ("sub", "sid", "iat", "exp", "jti", "typ")


class AccessClaims(Struct, frozen=True):
    """The claims of an access token that we signed."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


class AccessTokens:
    """Issues and reads access tokens; without a secret in the settings they are valid in this process only."""

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
        """The claims of a token; raises `InvalidCredentials`.

        An expired one is read too: the database decides that, with its session, as this machine's clock may be wrong.
        """
        try:
            claims = self._decode(token)
            if claims["typ"] != TYPE:
                raise errors.InvalidCredentials
            expires_at = datetime.fromtimestamp(claims["exp"], UTC)
            return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]), expires_at)
        # ValueError: a token that is no text, claims that are no UUIDs, or a time that no calendar has.
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError):
            raise errors.InvalidCredentials("This access token is not valid; log in again.") from None

    def _decode(self, token: str) -> dict[str, Any]:
        options: Any = {"require": list(_CLAIMS), "verify_iat": False, "verify_exp": False}
        decoded: dict[str, Any] = jwt.decode(token, self._secret, algorithms=[self._algorithm], options=options)
        return decoded
