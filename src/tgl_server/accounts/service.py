"""Making, finding and changing users.

A function takes its transaction first and never commits.
"""

import re
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import UserChange, UserInfo, UserPage
from tgl_protocol.http import MAX_EMAIL_LENGTH
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.accounts.models import Role, SessionEnd, User, UserState
from tgl_server.accounts.queries import END_SESSIONS_OF_USER
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import Actor, record
from tgl_server.cursors import decode_cursor, encode_cursor
from tgl_server.db.rows import Rows
from tgl_server.plain_text import one_line

# Only what makes an address impossible: whether it exists shows when somebody writes to it.
_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


class Users(Rows[User]):
    """Rows of `users`."""

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
    """A new account; an e-mail address that is taken is a conflict, however it is written."""
    email = checked_email(email)
    user = User(
        email=email,
        display_name=one_line("display_name", display_name) or email,
        role=role,
        state=state,
        password_hash=password_hash,
    )
    user = await Users(session=tx).add(user)
    await record(tx, actor.did(AuditAction.USER_CREATED, "user", user.id, role=role, state=state))
    return user


def checked_email(text: str) -> str:
    """In lower case, as it is stored; raises `InvalidBody` for what cannot be an address."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_LENGTH or not _ADDRESS.fullmatch(email):
        raise errors.InvalidBody(
            "This is not an e-mail address.",
            errors=[FieldError("Expected an e-mail address like ada@example.com", field="email")],
        )
    return email


async def find_user(tx: AsyncSession, email: str) -> User | None:
    """By e-mail address, in any case."""
    found: User | None = await tx.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
    return found


async def get_user(tx: AsyncSession, user_id: UUID) -> User:
    """By id; raises `NotFound`."""
    user = await tx.get(User, user_id)
    if user is None:
        raise errors.NotFound("There is no such user.")
    return user


async def list_users(
    tx: AsyncSession, *, state: UserState | None = None, limit: int = 50, cursor: str | None = None
) -> UserPage:
    """One page, newest first: ids are UUIDv7 and grow with time."""
    query = select(User).order_by(User.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(User.state == state)
    if cursor is not None:
        (before,) = decode_cursor(cursor, tuple[UUID])
        query = query.where(User.id < before)
    users = (await tx.scalars(query)).all()
    items = [user_info(user) for user in users[:limit]]
    return UserPage(items, encode_cursor(items[-1].id) if len(users) > limit else None)


def user_info(user: User) -> UserInfo:
    """As the API shows a user."""
    return UserInfo(
        id=user.id,
        email=user.email,
        display_name=user.display_name,
        role=Role(user.role),
        state=UserState(user.state),
        created_at=user.created_at,
    )


async def change_user(tx: AsyncSession, user_id: UUID, change: UserChange, actor: Actor) -> User:
    """Approve, change the role, rename, retire: a retired user's sessions end at once, and their keys stop."""
    await _lock_commissioners(tx)
    user = await tx.get(User, user_id, with_for_update={"key_share": True})
    if user is None:
        raise errors.NotFound("There is no such user.")
    presided = _presides(user)
    differences = _apply(user, change)
    if not differences:
        return user
    if presided and not _presides(user):
        await _check_somebody_presides(tx)
    if user.state == UserState.RETIRED:
        await end_sessions(tx, user.id, SessionEnd.RETIRED)
    await record(tx, actor.did(AuditAction.USER_CHANGED, "user", user.id, **differences))
    return user


def _apply(user: User, change: UserChange) -> dict[str, Any]:
    """What really changes, from and to."""
    differences = {}
    wanted: dict[str, str | UnsetType] = {
        "role": change.role,
        "state": change.state,
        "display_name": _display_name(user, change),
    }
    for name, value in wanted.items():
        before = getattr(user, name)
        if value is not UNSET and value != before:
            differences[name] = {"from": before, "to": value}
            setattr(user, name, value)
    return differences


def _display_name(user: User, change: UserChange) -> str | UnsetType:
    if change.display_name is UNSET:
        return UNSET
    return one_line("display_name", change.display_name) or user.email


def _presides(user: User) -> bool:
    return user.role == Role.COMMISSIONER and user.state == UserState.ACTIVE


async def _lock_commissioners(tx: AsyncSession) -> None:
    """All of them, first and in one order: two who retire each other at once neither deadlock nor leave nobody."""
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
    """Ends every session of the user but the kept one."""
    user.password_hash = password_hash
    await end_sessions(tx, user.id, SessionEnd.PASSWORD_CHANGED, kept=kept)
    await record(tx, actor.did(AuditAction.USER_PASSWORD_CHANGED, "user", user.id))


async def end_sessions(tx: AsyncSession, user_id: UUID, reason: SessionEnd, *, kept: UUID | None = None) -> None:
    """All of a user's, or all but one; they answer 401 from the next request on, in every process."""
    await tx.execute(END_SESSIONS_OF_USER, {"user_id": user_id, "reason": reason, "kept": kept})
