"""The rules for making, finding and changing users.

A function takes its transaction first and never commits, except `register`: a password is hashed before its
transaction is opened.
"""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import Registration, UserChange, UserInfo, UserPage
from tgl_protocol.events import AccountEvent, EventType
from tgl_protocol.http import MAX_EMAIL_LENGTH
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.accounts.actions import AccountAction
from tgl_server.accounts.models import Role, SessionEnd, User, UserState
from tgl_server.accounts.queries import END_SESSIONS_OF_USER, FORGET_LINKS_OF_USER
from tgl_server.audit.changes import apply_changes
from tgl_server.audit.service import Actor, record
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database
from tgl_server.db.rows import Rows
from tgl_server.events.service import record_event
from tgl_server.http.body import named_fields
from tgl_server.http.client_address import Origin
from tgl_server.http.pagination import decode_cursor, encode_cursor
from tgl_server.http.text_rules import is_storable, one_line

# Refuses only what cannot be an address; only mail to it would show that it exists.
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Users(Rows[User]):
    """The rows of `users`."""

    model_type = User


COMMAND_LINE = Actor()


async def create_user(
    tx: AsyncSession,
    email: str,
    *,
    role: Role,
    state: UserState = UserState.ACTIVE,
    display_name: str = "",
    password_hash: str | None = None,
    actor: Actor = COMMAND_LINE,
) -> User:
    """Make an account; an e-mail address that is taken, in upper or lower case, is a conflict.

    The address of one that is active at once counts as theirs, as whoever made the account gave it.
    """
    email = checked_email(email)
    user = User(
        email=email,
        display_name=one_line("display_name", display_name) or email,
        role=role,
        state=state,
        password_hash=password_hash,
        email_confirmed=state == UserState.ACTIVE,
    )
    user = await Users(session=tx).add(user)
    await record(tx, actor.did(AccountAction.USER_CREATED, "user", user.id, role=role, state=state))
    if user.state == UserState.PENDING:
        await record_event(tx, EventType.ACCOUNT_PENDING, AccountEvent(user_id=user.id), user_id=user.id)
    return user


async def register(database: Database, passwords: Passwords, wish: Registration, origin: Origin) -> UserInfo:
    """Make an account that waits for a commissioner's approval; an address that is taken is a conflict."""
    hashed = await passwords.hash(wish.password, Queue.REGISTRATIONS)
    async with database.transaction() as tx:
        user = await create_user(
            tx,
            wish.email,
            role=Role(wish.role),
            state=UserState.PENDING,
            display_name=wish.display_name,
            password_hash=hashed,
            actor=Actor(origin=origin),
        )
        return user_info(user)


def checked_email(text: str) -> str:
    """The address in lower case, as it is stored; raises `InvalidBody` for what cannot be an address."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_LENGTH or not email.isprintable() or not _ADDRESS.fullmatch(email):
        raise errors.InvalidBody(
            "This is not an e-mail address.",
            errors=[FieldError("Expected an e-mail address like ada@example.com", field="email")],
        )
    return email


async def find_user(tx: AsyncSession, email: str) -> User | None:
    """The user with this e-mail address, in upper or lower case; None without one."""
    found: User | None = await tx.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
    return found


async def find_active_user(tx: AsyncSession, *, user_id: UUID | None = None, email: str | None = None) -> UUID | None:
    """The id of the active user with this id or e-mail address; None if there is none, or they are not active."""
    if email is None:
        user = await Users(session=tx).get_one_or_none(id=user_id)
    else:
        user = await find_user(tx, email) if is_storable(email) else None
    return user.id if user is not None and user.state == UserState.ACTIVE else None


async def get_user(tx: AsyncSession, user_id: UUID) -> User:
    """The user with this id; raises `NotFound`."""
    user = await tx.get(User, user_id)
    if user is None:
        raise errors.NotFound("There is no such user.")
    return user


async def list_users(
    tx: AsyncSession, *, state: UserState | None = None, limit: int = 50, cursor: str | None = None
) -> UserPage:
    """One page of users, newest first: ids are UUIDv7 and grow with time."""
    wanted = select(User) if state is None else select(User).where(User.state == state)
    query = wanted.order_by(User.id.desc()).limit(limit + 1)
    if cursor is not None:
        (before,) = decode_cursor(cursor, tuple[UUID])
        query = query.where(User.id < before)
    users = (await tx.scalars(query)).all()
    items = [user_info(user) for user in users[:limit]]
    total = await tx.scalar(select(func.count()).select_from(wanted.subquery()))
    return UserPage(items, encode_cursor(items[-1].id) if len(users) > limit else None, total)


def user_info(user: User) -> UserInfo:
    """A user as the API shows them."""
    return UserInfo(
        id=user.id,
        email=user.email,
        display_name=user.display_name,
        role=Role(user.role),
        state=UserState(user.state),
        created_at=user.created_at,
    )


async def change_user(tx: AsyncSession, user_id: UUID, change: UserChange, actor: Actor) -> User:
    """Approve, rename or retire a user, or change their role; a retired user's sessions and keys stop at once."""
    await _lock_commissioners(tx)
    user = await tx.get(User, user_id, with_for_update={"key_share": True})
    if user is None:
        raise errors.NotFound("There is no such user.")
    presided = _presides(user)
    changed = apply_changes(user, _wanted(user, change))
    if not changed:
        return user
    if presided and not _presides(user):
        await _check_somebody_presides(tx)
    if user.state == UserState.RETIRED:
        await end_sessions(tx, user.id, SessionEnd.RETIRED)
        await tx.execute(FORGET_LINKS_OF_USER, {"user_id": user.id})
    await record(tx, actor.did(AccountAction.USER_CHANGED, "user", user.id, changed=changed))
    return user


def _wanted(user: User, change: UserChange) -> dict[str, Any]:
    """The new column values; an empty name becomes the e-mail address."""
    wanted = named_fields(change)
    if "display_name" in wanted:
        wanted["display_name"] = one_line("display_name", wanted["display_name"]) or user.email
    return wanted


def _presides(user: User) -> bool:
    return user.role == Role.COMMISSIONER and user.state == UserState.ACTIVE


async def _lock_commissioners(tx: AsyncSession) -> None:
    """Lock all commissioners, in one order: two who retire each other at once cannot deadlock or leave none."""
    query = select(User.id).where(User.role == Role.COMMISSIONER).order_by(User.id)
    await tx.execute(query.with_for_update(key_share=True))


async def _check_somebody_presides(tx: AsyncSession) -> None:
    await tx.flush()
    left = select(User.id).where(User.role == Role.COMMISSIONER, User.state == UserState.ACTIVE).limit(1)
    if await tx.scalar(left) is None:
        raise errors.Conflict("This is the last active commissioner; make another one first.")


async def set_password(
    tx: AsyncSession, user: User, password_hash: str, actor: Actor, *, kept: UUID | None = None
) -> None:
    """Set a user's password, and end all their sessions except `kept` and every link that would open the account."""
    user.password_hash = password_hash
    await tx.execute(FORGET_LINKS_OF_USER, {"user_id": user.id})
    await end_sessions(tx, user.id, SessionEnd.PASSWORD_CHANGED, kept=kept)
    await record(tx, actor.did(AccountAction.USER_PASSWORD_CHANGED, "user", user.id))
    await record_event(tx, EventType.ACCOUNT_PASSWORD_CHANGED, AccountEvent(user_id=user.id), user_id=user.id)


async def end_sessions(tx: AsyncSession, user_id: UUID, reason: SessionEnd, *, kept: UUID | None = None) -> None:
    """End all sessions of a user except `kept`: they answer 401 from the next request on, in every process."""
    await tx.execute(END_SESSIONS_OF_USER, {"user_id": user_id, "reason": reason, "kept": kept})
