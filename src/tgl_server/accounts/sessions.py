"""Sessions: logging in and out, and the rotation of refresh tokens.

A session is a family of refresh tokens, each valid for one use. If a used one comes back, it or its successor was
stolen, and the session ends; only the client that used it may repeat that for a moment, as its answer may be lost. What
must be recorded about a refusal is committed before the refusal is raised.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.accounts import Credentials, PasswordChange
from tgl_server import errors
from tgl_server.accounts import queries
from tgl_server.accounts.actions import AccountAction
from tgl_server.accounts.models import SessionEnd, User, UserState
from tgl_server.accounts.service import find_user, get_user, set_password
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import Actor, AuditEntry, record
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.principal import Principal
from tgl_server.auth.refresh_token import RefreshTokens, digest, new_salt
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database
from tgl_server.http.client_address import Origin, network_of
from tgl_server.limits.login import LoginLimit


class OpenSession(Struct, frozen=True):
    """A session opened or continued at `now`, by the database's clock; only here is its refresh token in clear text."""

    id: UUID
    user_id: UUID
    refresh_token: str
    expires_at: datetime
    now: datetime

    def __repr__(self) -> str:
        return f"OpenSession({self.id})"


async def log_in(
    database: Database,
    passwords: Passwords,
    limit: LoginLimit,
    tokens: RefreshTokens,
    credentials: Credentials,
    origin: Origin,
    lifetime: timedelta,
) -> OpenSession:
    """Open a session; unknown account, wrong password and no password take the same time and get the same answer."""
    user, renewed_hash = await verify_credentials(database, passwords, limit, credentials, origin)
    async with database.transaction() as tx:
        return await _open(tx, user, renewed_hash, tokens.first(), origin, lifetime)


async def verify_credentials(
    database: Database, passwords: Passwords, limit: LoginLimit, credentials: Credentials, origin: Origin
) -> tuple[User, str | None]:
    """The user, if these are their credentials, and a new hash of the password if the old one is outdated."""
    async with database.transaction() as tx:
        user = await find_user(tx, credentials.email)
        is_known = await _knows_network(tx, credentials.email, origin)
    await limit.admit(credentials.email, origin.ip, is_known=is_known)
    hashed = user.password_hash if user else None
    queue = Queue.KNOWN if is_known else Queue.UNKNOWN
    matches = await passwords.verify_login(credentials.email, hashed, credentials.password, queue)
    if user is None or hashed is None or not matches:
        raise await _refused(database, user, origin, errors.InvalidCredentials("Wrong e-mail address or password."))
    if user.state == UserState.RETIRED:
        raise await _refused(database, user, origin, errors.AccountNotActive("This account is retired."))
    return user, await passwords.renewed(hashed, credentials.password)


async def _knows_network(tx: AsyncSession, email: str, origin: Origin) -> bool:
    """True if the account has logged in from the caller's network during the last 30 days; for no account False."""
    network = network_of(origin.ip) if origin.ip else None
    known: bool = await tx.scalar(queries.KNOWS_NETWORK, {"email": email.strip().lower(), "network": network})
    return known


async def _open(
    tx: AsyncSession, user: User, renewed_hash: str | None, token: str, origin: Origin, lifetime: timedelta
) -> OpenSession:
    await lock_for_login(tx, user, renewed_hash)
    session_id = uuid7()
    session = {"id": session_id, "user_id": user.id, "lifetime": lifetime, **_where(origin)}
    opened = (await tx.execute(queries.OPEN_SESSION, session)).one()
    await record(tx, session_entry(AccountAction.SESSION_OPENED, user.id, session_id, origin))
    await _add_token(tx, session_id, token)
    return OpenSession(session_id, user.id, token, opened.expires_at, opened.now)


async def lock_for_login(tx: AsyncSession, user: User, renewed_hash: str | None) -> None:
    """Lock the account of somebody whose password was right; raises a 401 error if that has changed meanwhile."""
    found = {"user_id": user.id, "password_hash": user.password_hash}
    if await tx.scalar(queries.LOCK_FOR_LOGIN, found) is None:
        raise errors.InvalidCredentials("Wrong e-mail address or password.")
    if renewed_hash is not None:
        await tx.execute(queries.RENEW_HASH, {"user_id": user.id, "password_hash": renewed_hash})
    await tx.execute(queries.FORGET_EXPIRED_SESSIONS, {"user_id": user.id})


async def refresh(database: Database, tokens: RefreshTokens, refresh_token: str, origin: Origin) -> OpenSession:
    """Continue a session with its next refresh token; a token that was used before ends the session.

    But for the client that used it a moment ago, which gets the same successor again.
    """
    async with database.transaction() as tx:
        outcome = await _rotate(tx, tokens, refresh_token, origin)
    if isinstance(outcome, errors.ApiError):
        raise outcome
    return outcome


async def _rotate(
    tx: AsyncSession, tokens: RefreshTokens, refresh_token: str, origin: Origin
) -> OpenSession | errors.ApiError:
    """Use up a refresh token; returns a refusal instead of raising it, since what it writes must be committed."""
    found = await tx.execute(queries.LOCK_REFRESH_TOKEN, {"token_hash": digest(refresh_token), **_client(origin)})
    row = found.mappings().one_or_none()
    if row is None:
        return errors.InvalidCredentials("This refresh token is not one of ours; log in again.")
    if row["has_ended"] or row["has_expired"] or row["state"] == UserState.RETIRED:
        return errors.SessionEnded()
    if row["used_at"] is None:
        return await _continue(tx, tokens, refresh_token, row, origin)
    successor = tokens.successor(refresh_token, row["successor_salt"]) if row["is_repeated"] else None
    if successor and await tx.scalar(queries.IS_UNUSED, {"token_hash": digest(successor)}):
        return _continued(row, successor)
    await _end(tx, row["session_id"], row["user_id"], SessionEnd.TOKEN_REUSED, origin)
    return errors.SessionEnded("This refresh token was used before, so its session has ended; log in again.")


async def _continue(
    tx: AsyncSession, tokens: RefreshTokens, refresh_token: str, row: RowMapping, origin: Origin
) -> OpenSession:
    salt = new_salt()
    used = {"token_hash": digest(refresh_token), "salt": salt, **_client(origin)}
    await tx.execute(queries.USE_REFRESH_TOKEN, used)
    successor = tokens.successor(refresh_token, salt)
    await _add_token(tx, row["session_id"], successor)
    return _continued(row, successor)


def _continued(row: RowMapping, token: str) -> OpenSession:
    return OpenSession(row["session_id"], row["user_id"], token, row["expires_at"], row["now"])


def _client(origin: Origin) -> dict[str, str | None]:
    """What a client is recognised by when it repeats a request."""
    return {"network": network_of(origin.ip), "user_agent": origin.user_agent}


async def log_out(tx: AsyncSession, principal: Principal, origin: Origin) -> None:
    """End the caller's session and its access tokens at once; repeating it is not an error."""
    assert principal.session_id is not None
    await _end(tx, principal.session_id, principal.user_id, SessionEnd.LOGGED_OUT, origin)


async def change_password(
    database: Database, passwords: Passwords, principal: Principal, change: PasswordChange, actor: Actor
) -> None:
    """Set a new password, given the current one; every other session of the account ends."""
    async with database.transaction() as tx:
        current = (await get_user(tx, principal.user_id)).password_hash
    if current is None or not await passwords.verify(current, change.current_password, Queue.KNOWN):
        raise errors.WrongPassword
    hashed = await passwords.hash(change.new_password, Queue.KNOWN)
    async with database.transaction() as tx:
        user = await get_user(tx, principal.user_id)
        await set_password(tx, user, hashed, actor, kept=principal.session_id)


async def _end(tx: AsyncSession, session_id: UUID, user_id: UUID, reason: SessionEnd, origin: Origin) -> None:
    await tx.execute(queries.END_SESSION, {"session_id": session_id, "reason": reason})
    await record(tx, session_entry(AccountAction.SESSION_ENDED, user_id, session_id, origin, {"reason": reason}))


async def _add_token(tx: AsyncSession, session_id: UUID, token: str) -> None:
    await tx.execute(queries.ADD_REFRESH_TOKEN, {"token_hash": digest(token), "session_id": session_id})


async def _refused(database: Database, user: User | None, origin: Origin, refusal: errors.ApiError) -> errors.ApiError:
    """Record a refused login. One row is written in any case: without it the answer's time would tell of no account.

    The address that was tried is left out: people type their password there by mistake.
    """
    entry = AuditEntry(
        action=AccountAction.SESSION_REFUSED,
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


def session_entry(
    action: AuditAction, user_id: UUID, session_id: UUID, origin: Origin, details: dict[str, Any] | None = None
) -> AuditEntry:
    """The row of the audit log about a session of a user."""
    return AuditEntry(
        action=action,
        actor_user_id=user_id,
        resource_type="session",
        resource_id=str(session_id),
        origin=origin,
        details=details or {},
    )
