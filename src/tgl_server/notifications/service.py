"""The choices of a person: reading them, changing them, and ending all mails about a topic.

A function takes its transaction first and never commits.
"""

from datetime import timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.notifications import (
    KindChoice,
    NotificationChoice,
    NotificationChoices,
    NotificationKind,
    ProjectChoices,
    TestMail,
)
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.audit.service import Actor, record
from tgl_server.http.text_rules import is_storable
from tgl_server.mail.errors import MailIsOff
from tgl_server.mail.service import Mailbox, is_too_often
from tgl_server.notifications import queries
from tgl_server.notifications.actions import NotificationAction
from tgl_server.notifications.letters import test_letter
from tgl_server.notifications.unsubscribing import Subscription, UnknownUnsubscription

_TEST: Final = "test"
_TEST_PAUSE: Final = timedelta(seconds=30)
_TESTS_A_DAY: Final = 20
_OF_PROJECT: Final = [str(kind) for kind in NotificationKind if kind.is_of_project]


class TooManyTests(errors.Conflict):
    """A test message was sent a moment ago; wait for it, and look among unwanted mail."""

    code = "too_many_test_messages"


async def read_choices(
    connection: AsyncConnection, mailbox: Mailbox, user_id: UUID, *, is_commissioner: bool
) -> NotificationChoices:
    """All choices of a person, with what follows from them."""
    found = (await connection.execute(queries.CHOICES, {"user_id": user_id})).all()
    chosen = {row.kind: row.wanted for row in found}
    wanted = {"user_id": user_id, "kinds": _OF_PROJECT}
    rows = (await connection.execute(queries.PROJECT_CHOICES, wanted)).all()
    projects = [
        ProjectChoices(
            slug=slug,
            name=name,
            choices=[
                KindChoice(kind=NotificationKind(row.kind), wanted=row.wanted, is_told=row.is_told)
                for row in of_project
            ],
        )
        for (slug, name), of_project in groupby(rows, key=lambda row: (row.slug, row.name))
    ]
    kinds = [kind for kind in NotificationKind if is_commissioner or kind is not NotificationKind.ACCOUNT_PENDING]
    return NotificationChoices(
        sends_mail=mailbox.is_on,
        choices=[KindChoice(kind=kind, wanted=chosen.get(kind), is_told=chosen.get(kind, True)) for kind in kinds],
        projects=projects,
    )


async def choose(tx: AsyncSession, user_id: UUID, choice: NotificationChoice, by: Actor) -> None:
    """Keep one choice; raises `InvalidBody` for one that is not made by project, and `NotFound` for another project."""
    which: dict[str, Any] = {"user_id": user_id, "kind": choice.kind, "wanted": choice.wanted}
    details = {"kind": choice.kind, "wanted": choice.wanted, "project": choice.project}
    if choice.project is None:
        await tx.execute(queries.CHOOSE_NOTHING if choice.wanted is None else queries.CHOOSE, which)
    else:
        which["project_id"] = await _project(tx, user_id, choice)
        nothing = queries.CHOOSE_NOTHING_FOR_PROJECT
        await tx.execute(nothing if choice.wanted is None else queries.CHOOSE_FOR_PROJECT, which)
    await record(tx, by.did(NotificationAction.NOTIFICATION_CHOSEN, "user", user_id, **details))


async def _project(tx: AsyncSession, user_id: UUID, choice: NotificationChoice) -> UUID:
    if not choice.kind.is_of_project:
        fault = FieldError("This kind is not chosen by project; leave the project out", field="project")
        raise errors.InvalidBody(errors=[fault])
    project = choice.project or ""
    wanted = {"user_id": user_id, "project": project.lower()}
    found: UUID | None = await tx.scalar(queries.PROJECT_SEEN, wanted) if is_storable(project) else None
    if found is None:
        raise errors.NotFound("There is no such project.")
    return found


async def unsubscribe(tx: AsyncSession, subscription: Subscription, by: Actor) -> None:
    """End all mails about a topic to a person; repeating it is not an error."""
    await _subscriber(tx, subscription)
    for kind in subscription.topic.kinds:
        which = {"user_id": subscription.user_id, "kind": kind, "wanted": False}
        await tx.execute(queries.CHOOSE, which)
        await tx.execute(queries.FORGET_WISHES, which)
    await tx.execute(queries.FORGET_NOTICES, {"user_id": subscription.user_id, "topic": subscription.topic})
    await record(
        tx,
        by.did(NotificationAction.NOTIFICATION_UNSUBSCRIBED, "user", subscription.user_id, topic=subscription.topic),
    )


async def subscribe_again(tx: AsyncSession, subscription: Subscription, by: Actor) -> None:
    """Undo `unsubscribe`: the rule holds again."""
    await _subscriber(tx, subscription)
    for kind in subscription.topic.kinds:
        await choose(tx, subscription.user_id, NotificationChoice(kind=kind, wanted=None), by)


async def subscriber_email(reader: AsyncSession | AsyncConnection, subscription: Subscription) -> str:
    """The address that a subscription's mails go to; raises `UnknownUnsubscription` for an account that is gone."""
    email: str | None = await reader.scalar(queries.EMAIL, {"user_id": subscription.user_id})
    if email is None:
        raise UnknownUnsubscription
    return email


async def _subscriber(tx: AsyncSession, subscription: Subscription) -> None:
    await subscriber_email(tx, subscription)


async def send_test(tx: AsyncSession, mailbox: Mailbox, user_id: UUID, by: Actor) -> TestMail:
    """Send a test message to the caller; raises `MailIsOff` and `TooManyTests`."""
    if not mailbox.is_on:
        raise MailIsOff
    if await is_too_often(tx, user_id, _TEST, pause=_TEST_PAUSE, a_day=_TESTS_A_DAY):
        raise TooManyTests
    await mailbox.put(tx, user_id, _TEST, test_letter(mailbox.origin))
    await record(tx, by.did(NotificationAction.NOTIFICATION_TESTED, "user", user_id))
    return TestMail(await tx.scalar(queries.EMAIL, {"user_id": user_id}) or "")
