"""From an access token to a principal. The session and the user are read on every request, so that logging out,
retirement and a change of role act at once."""

from datetime import UTC, datetime

from tgl_server import errors
from tgl_server.auth.access_token import AccessTokens
from tgl_server.auth.principal import Principal
from tgl_server.auth.queries import SESSION_BY_ID
from tgl_server.db.engine import Database


class SessionAuthentication:
    """Verifies access tokens."""

    def __init__(self, database: Database, tokens: AccessTokens) -> None:
        self._database = database
        self._tokens = tokens

    async def principal(self, token: str) -> Principal:
        """Raises one of the 401 errors; a pending user is a principal that is not active."""
        claims = self._tokens.read(token)
        async with self._database.statements() as connection:
            found = await connection.execute(
                SESSION_BY_ID, {"session_id": claims.session_id, "user_id": claims.user_id}
            )
            row = found.one_or_none()
        if row is None or row.ended_at is not None or row.expires_at <= datetime.now(UTC) or row.state == "retired":
            raise errors.SessionEnded
        return Principal(
            user_id=claims.user_id,
            is_commissioner=row.role == "commissioner",
            is_active=row.state == "active",
            session_id=claims.session_id,
        )
