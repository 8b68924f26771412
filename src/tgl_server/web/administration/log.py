"""The page of the audit log: who did what, in sentences, with filters, and the way to its export."""

from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.audit import AuditRecord
from tgl_server.access.callers import commissioner
from tgl_server.access.guards import as_uuid
from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit_logs.actions import AuditLogAction
from tgl_server.audit_logs.queries import AuditFilter
from tgl_server.audit_logs.reading import list_records
from tgl_server.db.engine import Database
from tgl_server.http.feature import features_of
from tgl_server.http.time_parameters import parse_instant
from tgl_server.web.administration.queries import NAMES
from tgl_server.web.filters import Filters
from tgl_server.web.rendering import page

AnyRequest = Request[Any, Any, Any]

_PAGE_SIZE: Final = 50
_A_DAY: Final = "Expected a day like 2026-01-02."
_COMMAND_LINE: Final = "The command line"
_SERVER: Final = "The server"
_NOT_SIGNED_IN: Final = "Somebody who had not signed in"
#: What the server does by itself.
_BY_ITSELF: Final = frozenset({AuditLogAction.AUDIT_LOG_PRUNED})
_NOUNS: Final = {
    "api_key": "API key",
    "repo": "repository",
    "user": "account",
    "audit_log": "audit log",
    "device_login": "login of",
}
#: How an action reads before the name of what it was done to, where its own words would not.
_VERBS: Final = {
    "access:refused": "was refused access to",
    "api_key:refused": "was refused with",
    "user:password_changed": "changed the password of",
    "session:refused": "tried to sign in to",
    "session:opened": "signed in with",
    "session:ended": "ended",
    "sync:started": "began to push to",
    "sync:refused": "was refused to push to",
    "link:made": "made a link for",
    "link:used": "used a link of",
    "device:collected": "got a key for the",
    "device:approved": "approved the",
    "device:declined": "declined the",
    "member:added": "added a member to",
    "member:changed": "changed a member of",
    "member:removed": "removed a member from",
    "project:transferred": "handed over",
}


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of the log as a line of the page."""

    record: AuditRecord
    actor: str
    key: str
    verb: str
    noun: str
    name: str


@get("/administration/log", guards=[commissioner])
async def show_log(request: AnyRequest, database: NamedDependency[Database]) -> Response[str]:
    """The newest entries that fit, in pages."""
    asked = Filters(request)
    wanted = _filter(asked, features_of(request.app).actions)
    async with database.statements() as connection:
        found = await list_records(connection, wanted, limit=_PAGE_SIZE, cursor=asked.cursor)
        entries = await _entries(connection, found.items)
    query = asked.query_without("cursor")
    more = urlencode({"cursor": found.next_cursor}) if found.next_cursor else None
    return page(
        request,
        "audit_log.html",
        entries=entries,
        wanted=wanted,
        since=asked.text("since"),
        until=asked.text("until"),
        actions=features_of(request.app).actions,
        outcomes=list(AuditOutcome),
        is_filtered=bool(query),
        more="&".join(filter(None, (query, more))) if more else None,
        without_actor=asked.query_without("actor", "cursor"),
        query=query,
    )


def _filter(asked: Filters, actions: list[str]) -> AuditFilter:
    """What the address asks for."""
    return AuditFilter(
        action=asked.choice("action", actions, None),
        outcome=asked.choice("outcome", AuditOutcome, None),
        actor_user_id=asked.read("actor", UUID, "Expected the id of an account."),
        since=asked.read("since", partial(parse_instant, "since"), _A_DAY),
        until=asked.read("until", partial(parse_instant, "until"), _A_DAY),
    )


async def _entries(connection: AsyncConnection, records: list[AuditRecord]) -> list[Entry]:
    """The records with the names that their ids have today."""
    ids = {id_ for record in records for id_ in _ids(record)}
    found = await connection.execute(NAMES, {"ids": list(ids)})
    names = {row["id"]: row["name"] for row in found.mappings()}
    return [_entry(record, names) for record in records]


def _ids(record: AuditRecord) -> list[UUID]:
    resource = as_uuid(record.resource_id or "")
    return [id_ for id_ in (record.actor_user_id, record.actor_key_id, resource) if id_ is not None]


def _entry(record: AuditRecord, names: dict[UUID, str]) -> Entry:
    resource = as_uuid(record.resource_id or "")
    noun, _, verb = record.action.partition(":")
    known = names.get(resource) if resource else None
    return Entry(
        record=record,
        actor=_actor(record, names),
        key=names.get(record.actor_key_id, "a key that is gone") if record.actor_key_id else "",
        verb=_VERBS.get(record.action, verb.replace("_", " ")),
        noun=_NOUNS.get(record.resource_type or noun, record.resource_type or noun),
        name=known or str(record.details.get("name") or record.details.get("slug") or record.resource_id or ""),
    )


def _actor(record: AuditRecord, names: dict[UUID, str]) -> str:
    """Who did it: what came over HTTP has an address or at least the id of its request."""
    if record.actor_user_id:
        return names.get(record.actor_user_id, "Somebody unknown")
    if record.ip or record.request_id:
        return _NOT_SIGNED_IN
    return _SERVER if record.action in _BY_ITSELF else _COMMAND_LINE


ROUTES = (show_log,)
