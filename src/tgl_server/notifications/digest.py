"""One mail for what happens together: notices wait for others of their topic, and a storm becomes one mail."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.db.engine import Database
from tgl_server.mail.service import Mailbox
from tgl_server.notifications import queries
from tgl_server.notifications.letters import letter_about
from tgl_server.notifications.models import Topic
from tgl_server.notifications.unsubscribing import Subscription, Unsubscribing


class Pace(Struct, frozen=True):
    """How long a notice waits for others of its topic, and how long there is between two mails about it."""

    quiet: timedelta
    spacing: timedelta


#: The sweep notices troubles once a minute, so a storm takes two of its turns. A changed password is told at once.
PACES: Final[Mapping[Topic, Pace]] = {
    Topic.REPOS: Pace(timedelta(seconds=75), timedelta(minutes=10)),
    Topic.KEYS: Pace(timedelta(seconds=75), timedelta(minutes=10)),
    Topic.PEOPLE: Pace(timedelta(seconds=75), timedelta(minutes=10)),
    Topic.ACCOUNT: Pace(timedelta(seconds=5), timedelta(minutes=1)),
}
_PEOPLE: Final = 100

# An arbitrary number, the same in every release, and not one of the other locks.
_LOCK_KEY: Final = 7_461_726_034


async def digest(
    database: Database, mailbox: Mailbox, unsubscribing: Unsubscribing, paces: Mapping[Topic, Pace] = PACES
) -> int:
    """Put what is due into mails; how many, 0 also while another process does."""
    topics = list(paces)
    wanted = {
        "topics": [str(topic) for topic in topics],
        "quiet": [paces[topic].quiet for topic in topics],
        "spacing": [paces[topic].spacing for topic in topics],
        "limit": _PEOPLE,
    }
    async with database.statements() as connection:
        if (await connection.execute(queries.DUE, wanted)).first() is None:
            return 0
    async with database.transaction() as tx:
        if not await tx.scalar(queries.TRY_TO_DIGEST, {"key": _LOCK_KEY}):
            return 0
        due = (await tx.execute(queries.DUE, wanted)).all()
        return sum([await _put(tx, mailbox, unsubscribing, each) for each in due])


async def _put(tx: AsyncSession, mailbox: Mailbox, unsubscribing: Unsubscribing, due: Row[tuple[object, ...]]) -> int:
    topic = Topic(due.topic)
    rows = (await tx.execute(queries.TAKE, {"user_id": due.user_id, "topic": topic})).mappings().all()
    letter = letter_about(topic, rows, mailbox.origin) if rows else None
    if letter is None:
        return 0
    url = unsubscribing.url(Subscription(due.user_id, topic))
    await mailbox.put(tx, due.user_id, topic, letter, unsubscribe=url)
    return 1
