"""One-time links by mail: invitations, and new passwords for who is sent one or forgot theirs.

The mail goes to the account's address alone. It waits sealed, so the database still has no link in clear text.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.links import LIFETIME, OneTimeLink, make_link
from tgl_server.accounts.models import LinkKind, User, UserState
from tgl_server.accounts.service import find_user, get_user
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.errors import ApiError
from tgl_server.http.text_rules import is_storable
from tgl_server.mail.errors import MailIsOff
from tgl_server.mail.letter import Letter, Link
from tgl_server.mail.service import Mailbox, is_too_often

log = structlog.get_logger()

#: Anybody may ask for anybody: a person gets few of these mails, however often others ask.
PAUSE: Final = timedelta(minutes=5)
A_DAY: Final = 5

_FORGOTTEN: Final = "forgotten_password"


async def mail_link(tx: AsyncSession, mailbox: Mailbox, user_id: UUID, link: OneTimeLink, kind: LinkKind) -> None:
    """Send a link that was just made to its person; raises `MailIsOff`."""
    if not mailbox.is_on:
        raise MailIsOff
    user = await get_user(tx, user_id)
    letter = _invitation(mailbox, user, link) if kind is LinkKind.INVITATION else _new_password(mailbox, user, link)
    await mailbox.put(tx, user.id, kind, letter, lifetime=LIFETIME)


async def mail_forgotten_password(database: Database, mailbox: Mailbox, email: str, by: Actor) -> None:
    """Send a link for a new password to whom the address belongs, if anybody; never raises.

    Called after the answer, which is the same for every address, and takes as long.
    """
    try:
        async with database.transaction() as tx:
            found = await find_user(tx, email) if is_storable(email) else None
            if found is None:
                return
            # Locked, so that of several requests at once one sends.
            user = await tx.get(User, found.id, with_for_update={"key_share": True}, populate_existing=True)
            if user is None or user.state != UserState.ACTIVE:
                return
            if await is_too_often(tx, user.id, _FORGOTTEN, pause=PAUSE, a_day=A_DAY):
                return
            link = await make_link(tx, user, LinkKind.NEW_PASSWORD, by)
            await mailbox.put(tx, user.id, _FORGOTTEN, _new_password(mailbox, user, link), lifetime=LIFETIME)
    except (ApiError, SQLAlchemyError, OSError) as error:
        log.warning("forgotten_password_not_mailed", reason=type(error).__name__)


def _invitation(mailbox: Mailbox, user: User, link: OneTimeLink) -> Letter:
    return Letter(
        subject="You are invited to TheGitLeague",
        heading="Welcome",
        paragraphs=[
            f"You have an account at {mailbox.origin} as {user.email}. Choose a password, and you are in.",
        ],
        action=Link("Choose a password", mailbox.origin + link.path),
        afterwards=["The link works once, and for 24 hours."],
        why="You get this mail as somebody invited you. If you do not know why, do nothing.",
    )


def _new_password(mailbox: Mailbox, user: User, link: OneTimeLink) -> Letter:
    return Letter(
        subject="Choose a new password for TheGitLeague",
        heading="Choose a new password",
        paragraphs=[f"For {user.email} at {mailbox.origin}. Every browser that is signed in is signed out by it."],
        action=Link("Choose a new password", mailbox.origin + link.path),
        afterwards=["The link works once, and for 24 hours. Until then, your password stays as it is."],
        why="You get this mail as a new password was asked for. If that was not you, do nothing.",
    )
