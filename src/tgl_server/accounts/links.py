"""Links that work once, for 24 hours: an invitation, a new password, or signing in to a demo.

A commissioner makes one and hands it over by whatever way they trust; the database has only its SHA-256, as it is
random. Opening the address uses nothing up, since programs that preview links do that too: only its form does.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.accounts import UserState
from tgl_server import errors
from tgl_server.accounts import queries
from tgl_server.accounts.actions import AccountAction
from tgl_server.accounts.models import LinkKind, Role, User
from tgl_server.accounts.service import COMMAND_LINE, create_user, get_user, set_password
from tgl_server.audit.service import Actor, record
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.turns import Queue
from tgl_server.db.engine import Database

#: Not `tgl_`, so that nobody takes it for an API key; logs mask what begins with it.
MARK: Final = "tgll_"
LIFETIME: Final = timedelta(hours=24)
PATH: Final = "/link"

_BYTES = 32


class LinkGone(errors.NotFound):
    """This link was used, has expired, or was never made; ask a commissioner for a new one."""


class OneTimeLink(Struct, frozen=True):
    """A link that was just made; only here is its token in clear text."""

    user_id: UUID
    token: str

    @property
    def path(self) -> str:
        """The path of the page that the link opens."""
        return f"{PATH}/{self.token}"

    def __repr__(self) -> str:
        return f"OneTimeLink({self.user_id})"


class OpenLink(Struct, frozen=True):
    """A link that works, and for whom."""

    kind: LinkKind
    user_id: UUID
    email: str
    display_name: str


async def invite(
    tx: AsyncSession, email: str, role: Role, display_name: str = "", actor: Actor = COMMAND_LINE
) -> tuple[User, OneTimeLink]:
    """Make an active account without a password, and the link by which its person chooses one."""
    user = await create_user(tx, email, role=role, display_name=display_name, actor=actor)
    return user, await make_link(tx, user, LinkKind.INVITATION, actor)


async def make_link(tx: AsyncSession, user: User, kind: LinkKind, actor: Actor = COMMAND_LINE) -> OneTimeLink:
    """Make a link for a user who is active; their earlier links of the same kind stop working."""
    if user.state != UserState.ACTIVE:
        raise errors.Conflict("This account is not active; approve it first.")
    link = OneTimeLink(user.id, MARK + secrets.token_urlsafe(_BYTES))
    made = {
        "token_hash": _digest(link.token),
        "kind": kind,
        "user_id": user.id,
        "made_by": actor.user_id,
        "lifetime": LIFETIME,
    }
    await tx.execute(queries.FORGET_LINKS, made)
    await tx.execute(queries.ADD_LINK, made)
    await record(tx, actor.did(AccountAction.LINK_MADE, "user", user.id, kind=kind))
    return link


async def find_link(connection: AsyncConnection, token: str) -> OpenLink:
    """The link with this token; raises `LinkGone`."""
    found = await connection.execute(queries.LINK_BY_TOKEN, {"token_hash": _digest(token)})
    return _open(found.mappings().one_or_none())


async def hash_for_link(database: Database, passwords: Passwords, token: str, password: str) -> str:
    """The hash of a password that a link's user chose; raises `LinkGone`, before Argon2 works for an invented link."""
    async with database.statements() as connection:
        await find_link(connection, token)
    return await passwords.hash(password, Queue.KNOWN)


async def use_password_link(tx: AsyncSession, token: str, hashed: str, actor: Actor) -> OpenLink:
    """Set the password of a link's user, end all their sessions and every link; the caller opens a session."""
    link = await _use(tx, token, actor)
    if link.kind is LinkKind.SIGN_IN:
        raise LinkGone
    await set_password(tx, await get_user(tx, link.user_id), hashed, actor)
    return link


async def use_sign_in_link(tx: AsyncSession, token: str, actor: Actor) -> OpenLink:
    """Use a link for signing in up; raises `LinkGone`. The caller opens the session."""
    link = await _use(tx, token, actor)
    if link.kind is not LinkKind.SIGN_IN:
        raise LinkGone
    return link


async def _use(tx: AsyncSession, token: str, actor: Actor) -> OpenLink:
    found = await tx.execute(queries.USE_LINK, {"token_hash": _digest(token)})
    link = _open(found.mappings().one_or_none())
    await record(tx, actor.did(AccountAction.LINK_USED, "user", link.user_id, kind=link.kind))
    return link


def _open(row: RowMapping | None) -> OpenLink:
    if row is None:
        raise LinkGone
    return OpenLink(LinkKind(row["kind"]), row["user_id"], row["email"], row["display_name"])


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
