"""Logging in and out, and the rotation of refresh tokens.

A session is a family of refresh tokens, each good for one use. One that comes back was stolen, or its successor was:
the whole family ends. What must be remembered of a refusal is committed before the refusal is raised.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.accounts import Credentials
from tgl_server import errors
from tgl_server.accounts import queries
from tgl_server.accounts.models import SessionEnd, User, UserState
from tgl_server.accounts.service import find_user
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.limits.accounts import LoginLimit
from tgl_server.origin import Origin

# Not `tgl_`: a refresh token sent by mistake as a bearer token is no API key.
TOKEN_MARK: Final = "tglr_"  # noqa: S105 -- what a token begins with
_TOKEN_BYTES = 32


class OpenSession(Struct, frozen=True):
    """A session that was opened or continued. The refresh token is nowhere else."""

    id: UUID
    user_id: UUID
    refresh_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"OpenSession({self.id})"


async def log_in(
    database: Database,
    passwords: Passwords,
    limit: LoginLimit,
    credentials: Credentials,
    origin: Origin,
    lifetime: timedelta,
) -> OpenSession:
    """The same time and the same answer for an unknown account, a wrong password and an account without one."""
    await limit.admit(credentials.email, origin.ip)
    user, renewed_hash = await _verify(database, passwords, credentials, origin)
    async with database.transaction() as tx:
        session = await _open(tx, user, renewed_hash, origin, lifetime)
    await limit.succeeded(credentials.email, origin.ip)
    return session


async def _verify(
    database: Database, passwords: Passwords, credentials: Credentials, origin: Origin
) -> tuple[User, str | None]:
    """Whose password it is, and a new hash of it where the old one is outdated."""
    async with database.transaction() as tx:
        user = await find_user(tx, credentials.email)
    hashed = user.password_hash if user else None
    matches = await passwords.verify(hashed, credentials.password)
    if user is None or hashed is None or not matches:
        raise await _refused(database, user, origin, errors.InvalidCredentials("Wrong e-mail address or password."))
    if user.state == UserState.RETIRED:
        raise await _refused(database, user, origin, errors.AccountNotActive("This account is retired."))
    return user, await passwords.renewed(hashed, credentials.password)


async def _open(
    tx: AsyncSession, user: User, renewed_hash: str | None, origin: Origin, lifetime: timedelta
) -> OpenSession:
    found = {"user_id": user.id, "password_hash": user.password_hash}
    if await tx.scalar(queries.LOCK_FOR_LOGIN, found) is None:
        raise errors.InvalidCredentials("Wrong e-mail address or password.")
    if renewed_hash is not None:
        await tx.execute(queries.RENEW_HASH, {"user_id": user.id, "password_hash": renewed_hash})
    await tx.execute(queries.FORGET_EXPIRED_SESSIONS, {"user_id": user.id})
    session_id = uuid7()
    session = {"id": session_id, "user_id": user.id, "lifetime": lifetime, **_where(origin)}
    expires_at = await tx.scalar(queries.OPEN_SESSION, session)
    await record(tx, _entry(AuditAction.SESSION_OPENED, user.id, session_id, origin))
    return OpenSession(session_id, user.id, await _add_token(tx, session_id), expires_at)


async def refresh(database: Database, refresh_token: str, origin: Origin) -> OpenSession:
    """The session with its next refresh token; one that was used before ends the session."""
    async with database.transaction() as tx:
        outcome = await _rotate(tx, refresh_token, origin)
    if isinstance(outcome, errors.ApiError):
        raise outcome
    return outcome


async def _rotate(tx: AsyncSession, refresh_token: str, origin: Origin) -> OpenSession | errors.ApiError:
    """Returns the refusal instead of raising it: what it writes must be committed."""
    token = {"token_hash": _digest(refresh_token)}
    row = (await tx.execute(queries.LOCK_REFRESH_TOKEN, token)).mappings().one_or_none()
    if row is None:
        return errors.InvalidCredentials("This refresh token is not one of ours; log in again.")
    if row["has_ended"] or row["has_expired"] or row["state"] == UserState.RETIRED:
        return errors.SessionEnded()
    if row["used_at"] is not None:
        await _end(tx, row["session_id"], row["user_id"], SessionEnd.TOKEN_REUSED, origin)
        return errors.SessionEnded("This refresh token was used before, so its session has ended; log in again.")
    await tx.execute(queries.USE_REFRESH_TOKEN, token)
    return await _continued(tx, row)


async def _continued(tx: AsyncSession, row: RowMapping) -> OpenSession:
    token = await _add_token(tx, row["session_id"])
    return OpenSession(row["session_id"], row["user_id"], token, row["expires_at"])


async def log_out(tx: AsyncSession, principal: Principal, origin: Origin) -> None:
    """The caller's session ends at once, with its access tokens; again is no error."""
    assert principal.session_id is not None
    await _end(tx, principal.session_id, principal.user_id, SessionEnd.LOGGED_OUT, origin)


async def current_password_matches(database: Database, passwords: Passwords, user_id: UUID, password: str) -> bool:
    """For a caller who is logged in and is about to change it."""
    async with database.transaction() as tx:
        hashed = await tx.scalar(select(User.password_hash).where(User.id == user_id))
    return await passwords.verify(hashed, password)


async def _end(tx: AsyncSession, session_id: UUID, user_id: UUID, reason: SessionEnd, origin: Origin) -> None:
    await tx.execute(queries.END_SESSION, {"session_id": session_id, "reason": reason})
    await record(tx, _entry(AuditAction.SESSION_ENDED, user_id, session_id, origin, {"reason": reason}))


async def _add_token(tx: AsyncSession, session_id: UUID) -> str:
    token = TOKEN_MARK + secrets.token_urlsafe(_TOKEN_BYTES)
    await tx.execute(queries.ADD_REFRESH_TOKEN, {"token_hash": _digest(token), "session_id": session_id})
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def _refused(database: Database, user: User | None, origin: Origin, refusal: errors.ApiError) -> errors.ApiError:
    """One row in either case, or its absence would tell in milliseconds that there is no such account.

    The address that was tried is left out: people type their password there.
    """
    entry = AuditEntry(
        action=AuditAction.SESSION_REFUSED,
        outcome=AuditOutcome.REFUSED,
        resource_type="user",
        resource_id=str(user.id) if user else None,
        origin=origin,
        details={"reason": refusal.code},
    )
    async with database.transaction() as tx:
        await record(tx, entry)
    return refusal


def _where(origin: Origin) -> dict[str, Any]:
    return {"ip": origin.ip, "user_agent": origin.user_agent}


def _entry(
    action: AuditAction, user_id: UUID, session_id: UUID, origin: Origin, details: dict[str, Any] | None = None
) -> AuditEntry:
    return AuditEntry(
        action=action,
        actor_user_id=user_id,
        resource_type="session",
        resource_id=str(session_id),
        origin=origin,
        details=details or {},
    )
