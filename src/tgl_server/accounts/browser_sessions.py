"""Sessions of browsers: one opaque cookie each, kept as its SHA-256, as it is random.

They are rows of `auth_sessions` like those of the API, so that signing out, retirement and a new password end both.
They have no refresh tokens, which two windows of one browser would use up for each other.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.accounts import Credentials
from tgl_server.accounts import queries
from tgl_server.accounts.actions import AccountAction
from tgl_server.accounts.links import hash_for_link, use_password_link, use_sign_in_link
from tgl_server.accounts.models import SessionEnd
from tgl_server.accounts.service import end_sessions
from tgl_server.accounts.sessions import lock_for_login, session_entry, verify_credentials
from tgl_server.audit.service import Actor, record
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.client_address import Origin
from tgl_server.limits.login import LoginLimit

_SECRET_BYTES = 32
_SECRET_LENGTH = 43  # of 32 bytes in base 64
#: A session that nobody has used for so long has ended.
UNUSED: Final = timedelta(days=7)
#: The time of the last use is written this often at most.
SEEN_EVERY: Final = timedelta(minutes=5)


class BrowserSession(Struct, frozen=True):
    """A session that was just opened; only here is the secret of its cookie in clear text."""

    id: UUID
    user_id: UUID
    secret: str

    def __repr__(self) -> str:
        return f"BrowserSession({self.id})"


class SessionInfo(Struct, frozen=True, kw_only=True):
    """An open session of a person, for a list; `is_browser` is False for one of the API."""

    id: UUID
    ip: str | None
    user_agent: str | None
    created_at: datetime
    last_seen_at: datetime | None
    is_browser: bool


async def open_browser_session(
    database: Database,
    passwords: Passwords,
    limit: LoginLimit,
    credentials: Credentials,
    origin: Origin,
    lifetime: timedelta,
) -> BrowserSession:
    """Open a session; unknown account, wrong password and no password take the same time and get the same answer."""
    user, renewed_hash = await verify_credentials(database, passwords, limit, credentials, origin)
    async with database.transaction() as tx:
        await lock_for_login(tx, user, renewed_hash)
        return await _add_session(tx, user.id, origin, lifetime)


async def open_session_by_link(database: Database, token: str, actor: Actor, lifetime: timedelta) -> BrowserSession:
    """Open a session by a link for signing in, which is used up; raises `LinkGone`."""
    assert actor.origin is not None
    async with database.transaction() as tx:
        link = await use_sign_in_link(tx, token, actor)
        return await _add_session(tx, link.user_id, actor.origin, lifetime)


async def open_session_by_password_link(
    database: Database, passwords: Passwords, token: str, password: str, actor: Actor, lifetime: timedelta
) -> BrowserSession:
    """Set the password of a link's user and open a session, or neither; raises `LinkGone`.

    It does not count as a login: guesses by others, which use up that limit, must not keep the person out.
    """
    assert actor.origin is not None
    hashed = await hash_for_link(database, passwords, token, password)
    async with database.transaction() as tx:
        link = await use_password_link(tx, token, hashed, actor)
        return await _add_session(tx, link.user_id, actor.origin, lifetime)


async def open_session_of_newcomer(
    database: Database, user_id: UUID, origin: Origin, lifetime: timedelta
) -> BrowserSession:
    """Open a session for an account that was just made by the same request, and so without asking for its password."""
    async with database.transaction() as tx:
        return await _add_session(tx, user_id, origin, lifetime)


async def _add_session(tx: AsyncSession, user_id: UUID, origin: Origin, lifetime: timedelta) -> BrowserSession:
    session = BrowserSession(uuid7(), user_id, secrets.token_urlsafe(_SECRET_BYTES))
    row = {
        "id": session.id,
        "user_id": user_id,
        "lifetime": lifetime,
        "cookie_hash": _digest(session.secret),
        "ip": origin.ip,
        "user_agent": origin.user_agent,
    }
    await tx.execute(queries.OPEN_BROWSER_SESSION, row)
    await record(tx, session_entry(AccountAction.SESSION_OPENED, user_id, session.id, origin, {"in": "browser"}))
    return session


async def read_session(database: Database, secret: str) -> RowMapping | None:
    """The open session with this secret, and its user; None for a text that is no secret of an open session."""
    if len(secret) != _SECRET_LENGTH:
        return None
    wanted = {"cookie_hash": _digest(secret), "unused": UNUSED, "seen_every": SEEN_EVERY}
    async with database.statements() as statements:
        return (await statements.execute(queries.SESSION_BY_COOKIE, wanted)).mappings().one_or_none()


async def touch_session(database: Database, session_id: UUID) -> None:
    """Write that a session is in use; a database that takes no writes does not change what a page shows."""
    try:
        async with database.transaction() as tx:
            await tx.execute(queries.TOUCH_SESSION, {"session_id": session_id})
    except (SQLAlchemyError, OSError):
        return


async def list_sessions(database: Database, user_id: UUID) -> list[SessionInfo]:
    """The open sessions of a person, the latest first."""
    async with database.statements() as statements:
        rows = (await statements.execute(queries.SESSIONS_OF_USER, {"user_id": user_id, "unused": UNUSED})).mappings()
        return [SessionInfo(**row) for row in rows]


async def end_one(database: Database, principal: Principal, session_id: UUID, origin: Origin) -> bool:
    """End one of the caller's own sessions; False if they have no such open one."""
    async with database.transaction() as tx:
        ended = {"session_id": session_id, "user_id": principal.user_id, "reason": SessionEnd.LOGGED_OUT}
        if (await tx.execute(queries.END_OWN_SESSION, ended)).one_or_none() is None:
            return False
        details = {"reason": SessionEnd.LOGGED_OUT}
        await record(tx, session_entry(AccountAction.SESSION_ENDED, principal.user_id, session_id, origin, details))
    return True


async def end_all_others(database: Database, principal: Principal, actor: Actor) -> None:
    """End every session of the caller but the one that asks."""
    async with database.transaction() as tx:
        await end_sessions(tx, principal.user_id, SessionEnd.SIGNED_OUT_ELSEWHERE, kept=principal.session_id)
        await record(
            tx,
            actor.did(
                AccountAction.SESSION_ENDED,
                "user",
                principal.user_id,
                reason=SessionEnd.SIGNED_OUT_ELSEWHERE,
            ),
        )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
