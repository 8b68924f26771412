"""Authentication by an access token. Session and user are read on every request, so that changes of them act at once.

Such changes are logging out, retirement and another role.
"""

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
        """The principal of an access token, not active for a pending user; raises a 401 error."""
        claims = self._tokens.read(token)
        async with self._database.statements() as connection:
            found = await connection.execute(
                SESSION_BY_ID, {"session_id": claims.session_id, "user_id": claims.user_id}
            )
            row = found.one()
        if claims.expires_at <= row.now:
            raise errors.ExpiredToken
        if row.state is None or row.has_ended or row.state == "retired":
            raise errors.SessionEnded
        return Principal(
            user_id=claims.user_id,
            is_commissioner=row.role == "commissioner",
            is_active=row.state == "active",
            session_id=claims.session_id,
        )
