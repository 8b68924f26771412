"""From events to what people are to be told: once each, as the mark moves in the same transaction."""

from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.events import EventType, Trouble
from tgl_protocol.notifications import NotificationKind
from tgl_server.db.clock import database_now
from tgl_server.db.engine import Database
from tgl_server.events.service import Event, take_events
from tgl_server.notifications import queries
from tgl_server.notifications.models import Topic

#: The reader of events whose mark this is.
READER: Final = "notifications"
_EVENTS: Final = 200
#: What is older is no news: the server was away, or mails were switched on later.
_NEWS: Final = timedelta(days=2)

_KINDS_OF_TROUBLE: Final = {
    Trouble.FAILING: NotificationKind.REPO_FAILING,
    Trouble.STALE: NotificationKind.REPO_STALE,
}
_OF_PERSON: Final = {
    EventType.KEY_EXPIRING: (NotificationKind.KEY_EXPIRING, Topic.KEYS, queries.TELL_USER),
    EventType.KEY_CREATED: (NotificationKind.ACCOUNT_CHANGED, Topic.ACCOUNT, queries.TELL_USER),
    EventType.KEY_CHANGED: (NotificationKind.ACCOUNT_CHANGED, Topic.ACCOUNT, queries.TELL_USER),
    EventType.KEY_REVOKED: (NotificationKind.ACCOUNT_CHANGED, Topic.ACCOUNT, queries.TELL_USER),
    EventType.ACCOUNT_PASSWORD_CHANGED: (NotificationKind.ACCOUNT_CHANGED, Topic.ACCOUNT, queries.TELL_USER),
    EventType.ACCOUNT_PENDING: (NotificationKind.ACCOUNT_PENDING, Topic.PEOPLE, queries.TELL_COMMISSIONERS),
}


async def follow_events(database: Database, *, sends_mail: bool) -> bool:
    """Read a batch of events, and note who is to be told; False if there was none, or another process reads."""
    async with database.transaction() as tx:
        events = await take_events(tx, READER, _EVENTS)
        if not events:
            return False
        now = await database_now(tx)
        for event in events:
            if sends_mail and now - event.at < _NEWS:
                await _note(tx, event)
    return True


async def _note(tx: AsyncSession, event: Event) -> None:
    if kinds := kinds_of_repo(event):
        await tx.execute(queries.TELL_PROJECT, _values(event, Topic.REPOS, kinds=[str(kind) for kind in kinds]))
        return
    found = _OF_PERSON.get(EventType(event.type)) if event.type in _KNOWN else None
    if found is not None:
        kind, topic, statement = found
        await tx.execute(statement, _values(event, topic, kind=kind))


def kinds_of_repo(event: Event) -> list[NotificationKind]:
    """The kinds of which an event about a repository tells; those of all troubles that are over, for a recovery."""
    if event.type == EventType.REPO_FAILING:
        return [NotificationKind.REPO_FAILING]
    if event.type == EventType.REPO_STALE:
        return [NotificationKind.REPO_STALE]
    if event.type == EventType.REPO_RECOVERED:
        return [_KINDS_OF_TROUBLE[Trouble(trouble)] for trouble in event.data["troubles"]]
    return []


_KNOWN: Final = frozenset(EventType)


def _values(event: Event, topic: Topic, **more: Any) -> dict[str, Any]:
    return {
        "topic": topic,
        "event_id": event.id,
        "type": event.type,
        "project_id": event.project_id,
        "repo_id": event.repo_id,
        "about_user_id": event.user_id,
        "data": msgspec.json.encode(event.data).decode(),
        "at": event.at,
        **more,
    }
