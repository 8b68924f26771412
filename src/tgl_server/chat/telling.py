"""From events to messages: each chat is told of each event once, and of a storm in one message.

A chat has its notices, and one process at a time has its lease: it sends one message about all of them, and deletes
them when it was taken. Between the chat's answer and our note of it nobody can rule out that it is sent twice.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec
import structlog
from sqlalchemy import RowMapping

from tgl_protocol.events import EventType
from tgl_protocol.notifications import NotificationKind
from tgl_server.chat import queries
from tgl_server.chat.payloads import payload
from tgl_server.chat.service import is_taken, open_room, send
from tgl_server.db.clock import database_now
from tgl_server.db.engine import Database
from tgl_server.endpoints.schedule import retry_after
from tgl_server.events.service import Event, take_events
from tgl_server.mail.letter import Line
from tgl_server.metrics.definitions import CHAT_ATTEMPTS, counter
from tgl_server.notifications.following import kinds_of_repo
from tgl_server.notifications.letters import repo_sentence, repo_url
from tgl_server.outbound.posting import BadReceiver, NotSent, PostPolicy, Received
from tgl_server.sealing.errors import CannotOpen, NoSecretsKey
from tgl_server.sealing.sealer import Sealer

log = structlog.get_logger()

READER: Final = "chat"
#: Notices wait for others, as the sweep notices troubles once a minute; and there is this between two messages.
QUIET: Final = timedelta(seconds=75)
SPACING: Final = timedelta(minutes=1)
#: The pauses after each failed attempt; after the last one, what was to be told is given up.
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 60, 180, 360, 720))
_NEWS: Final = timedelta(days=2)
_LEASE: Final = timedelta(minutes=2)
_EVENTS: Final = 200
_MOST_NOTICES: Final = 1000
_GONE: Final = (404, 410)
_WAITS: Final = (408, 429)
_WORDS: Final = {
    EventType.REPO_FAILING: "Failing",
    EventType.REPO_STALE: "Late",
    EventType.REPO_RECOVERED: "Well again",
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message. `is_over`: it is not sent again."""

    is_taken: bool = False
    is_over: bool = True
    is_active: bool = True
    error: str | None = None
    pause: timedelta = SPACING


async def follow_events(database: Database) -> bool:
    """Read a batch of events, and note whom to tell; False if there was none, or another process reads."""
    async with database.transaction() as tx:
        events = await take_events(tx, READER, _EVENTS)
        if not events:
            return False
        now = await database_now(tx)
        for event in events:
            kinds = kinds_of_repo(event)
            if kinds and now - event.at < _NEWS:
                await tx.execute(queries.TELL, _values(event, kinds))
    return True


def _values(event: Event, kinds: list[NotificationKind]) -> dict[str, Any]:
    return {
        "event_id": event.id,
        "type": event.type,
        "project_id": event.project_id,
        "repo_id": event.repo_id,
        "data": msgspec.json.encode(event.data).decode(),
        "at": event.at,
        "failing": NotificationKind.REPO_FAILING in kinds,
        "stale": NotificationKind.REPO_STALE in kinds,
    }


async def send_due(
    database: Database, sealer: Sealer, policy: PostPolicy, origin: str, quiet: timedelta = QUIET
) -> bool:
    """Send one message to a chat whose notices are due; False if there is none."""
    async with database.transaction() as tx:
        claim = {"token": uuid4(), "lease": _LEASE, "quiet": quiet}
        hook = (await tx.execute(queries.CLAIM, claim)).mappings().one_or_none()
        if hook is None:
            return False
        wanted = {"id": hook["id"], "limit": _MOST_NOTICES}
        notices = (await tx.execute(queries.NOTICES, wanted)).mappings().all()
    news = [row for row in notices if row["repo_name"] is not None]
    outcome = await _send(hook, news, sealer, policy, origin)
    async with database.transaction() as tx:
        which = {"id": hook["id"], "token": hook["lease_token"]}
        if outcome.is_over:
            await tx.execute(queries.FORGET, {**which, "notices": [row["id"] for row in notices]})
        await tx.execute(queries.FINISH, {**which, **msgspec.structs.asdict(outcome)})
    result = "taken" if outcome.is_taken else "delayed" if not outcome.is_over else "given_up"
    if news:
        counter(CHAT_ATTEMPTS, result).inc()
    if outcome.error:
        log.warning("chat_not_told", hook_id=str(hook["id"]), reason=outcome.error, attempts=hook["attempts"])
    return True


async def _send(
    hook: RowMapping, notices: list[RowMapping], sealer: Sealer, policy: PostPolicy, origin: str
) -> Outcome:
    if not notices:
        return Outcome()
    slug, name = notices[0]["slug"], notices[0]["project_name"]
    lines = [_line(row, origin) for row in notices]
    heading = f"{name}: {lines[0].sentence}" if len(lines) == 1 else f"{name}: news of {len(lines)} repositories"
    try:
        room = open_room(sealer, hook["id"], hook["kind"], hook["sealed"])
        body = payload(room.kind, heading, lines, f"{origin}/projects/{slug}" if origin else "")
        return judge(await send(room, body, policy), hook["attempts"])
    except (CannotOpen, NoSecretsKey):
        return Outcome(error="its address cannot be opened with SECRETS_KEYS; make it anew")
    except BadReceiver as error:
        return Outcome(error=f"its address {error}")
    except NotSent as error:
        return _again(str(error), hook["attempts"], None)


def _line(row: RowMapping, origin: str) -> Line:
    sentence = f"{_WORDS[row['type']]}. {repo_sentence(row['type'], row['data'])}"
    # Without PUBLIC_URL nobody knows where a link would lead.
    url = repo_url(origin, row["slug"], row["repo_name"]) if origin else ""
    return Line(row["repo_name"], sentence, "", url)


def judge(answer: Received, attempts: int) -> Outcome:
    """What an answer means: taken, gone for good, not wanted, or to be sent again."""
    if is_taken(answer):
        return Outcome(is_taken=True)
    error = f"the chat answered {answer.status}"
    if answer.status in _GONE:
        return Outcome(is_active=False, error=error)
    if answer.status < 500 and answer.status not in _WAITS:
        return Outcome(error=error)
    now = datetime.now(UTC)
    wish = retry_after(answer.headers.get("retry-after"), now)
    return _again(error, attempts, None if wish is None else wish - now)


def _again(error: str, attempts: int, wish: timedelta | None) -> Outcome:
    if attempts > len(PAUSES):
        return Outcome(error=f"{error}; given up after {attempts} attempts")
    pause = PAUSES[attempts - 1]
    return Outcome(is_over=False, error=error, pause=pause if wish is None else max(pause, wish))
