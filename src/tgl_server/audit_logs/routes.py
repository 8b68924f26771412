"""The route that reads the audit log, for commissioners."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from tgl_protocol.audit import AuditPage, AuditRecord
from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_server.access.callers import commissioner
from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit.service import Actor, record
from tgl_server.audit_logs import export, reading
from tgl_server.audit_logs.actions import AuditLogAction
from tgl_server.audit_logs.queries import AuditFilter
from tgl_server.db.engine import Database
from tgl_server.errors import InvalidParameter
from tgl_server.http.declarations import answers_text
from tgl_server.http.feature import features_of
from tgl_server.http.formats import FORMAT_DESCRIPTION, accepted
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, LongLimit
from tgl_server.http.text_rules import nearest_name, refuse_unstorable
from tgl_server.http.time_parameters import Since, Until, parse_instant

AnyRequest = Request[Any, Any, Any]


class AuditFormat(StrEnum):
    """A format of the answer: JSON comes in pages, the others hold all that was asked for."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


MEDIA_TYPES = {
    JSON_MEDIA_TYPE: AuditFormat.JSON,
    "application/x-ndjson": AuditFormat.NDJSON,
    "text/csv": AuditFormat.CSV,
}

ResourceType = Annotated[str | None, QueryParameter(max_length=50, description="project, repo, user, api_key, ...")]
ResourceId = Annotated[str | None, QueryParameter(max_length=200, description="The id of what it was done to")]
Outcome = Annotated[AuditOutcome | None, QueryParameter(description="Whether it was done or refused")]
ActorUserId = Annotated[UUID | None, QueryParameter(description="Who did it")]
ActorKeyId = Annotated[UUID | None, QueryParameter(description="The API key that it was done with")]
# Entries that were imported have the names of the system that wrote them.
_IMPORTED: Final = "legacy."
# The actions are known only when all features are gathered: the document shows them by this title.
Action = Annotated[str | None, QueryParameter(title="AuditAction", description="What was done, or tried")]
Format = Annotated[AuditFormat | None, QueryParameter(description=FORMAT_DESCRIPTION)]


async def provide_filter(
    request: AnyRequest,
    action: Action = None,
    outcome: Outcome = None,
    resource_type: ResourceType = None,
    resource_id: ResourceId = None,
    actor_user_id: ActorUserId = None,
    actor_key_id: ActorKeyId = None,
    since: Since = None,
    until: Until = None,
) -> AuditFilter:
    """The filter that the query parameters ask for."""
    refuse_null(request, "action", "outcome", "actor_user_id", "actor_key_id", "format")
    refuse_unstorable(resource_type=resource_type, resource_id=resource_id)
    _refuse_unknown(action, features_of(request.app).actions)
    return AuditFilter(
        action=action,
        outcome=outcome,
        resource_type=resource_type,
        resource_id=resource_id,
        actor_user_id=actor_user_id,
        actor_key_id=actor_key_id,
        since=parse_instant("since", since),
        until=parse_instant("until", until),
    )


def _refuse_unknown(action: str | None, known: Sequence[str]) -> None:
    if action is not None and action not in known and not action.startswith(_IMPORTED):
        meant = nearest_name(action, known)
        hint = f"did you mean `{meant}`?" if meant else "the document names them under `AuditAction`"
        raise InvalidParameter(errors=[FieldError(f"There is no such action; {hint}", field="action")])


@get(
    "/",
    guards=[commissioner],
    opt=answers_text(*(name for name in MEDIA_TYPES if name != JSON_MEDIA_TYPE), is_file=True),
    responses={200: ResponseSpec(AuditPage, description="A page, or a file of everything: see `format`")},
)
async def list_audit_logs(
    request: AnyRequest,
    wanted: NamedDependency[AuditFilter],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    limit: LongLimit = 100,
    cursor: Cursor = None,
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[AuditPage] | Stream:
    """List who did what, newest first: in pages as JSON, or all of it as NDJSON or CSV."""
    chosen = format or accepted(request, MEDIA_TYPES)
    if chosen is not AuditFormat.JSON:
        return await _export(database, wanted, chosen, actor)
    async with database.statements() as connection:
        return Response(await reading.list_records(connection, wanted, limit=limit, cursor=cursor))


async def _export(database: Database, wanted: AuditFilter, chosen: AuditFormat, by: Actor) -> Stream:
    """An export, itself written to the log. It reads a first chunk before the answer begins, which can still be 503."""
    async with database.transaction() as tx:
        await record(tx, by.did(AuditLogAction.AUDIT_LOG_EXPORTED, "audit_log", None, format=chosen, filter=wanted))
    chunks = reading.records_in_chunks(database, wanted)
    first: list[AuditRecord] = await anext(chunks, [])
    head, encode = (export.csv_header(), export.csv_lines) if chosen is AuditFormat.CSV else (b"", export.ndjson_lines)
    media_type = next(name for name, format_ in MEDIA_TYPES.items() if format_ is chosen)
    return Stream(
        _encoded(head, first, chunks, encode),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="audit-log.{chosen}"', "Cache-Control": "no-store"},
    )


async def _encoded(
    head: bytes,
    first: list[AuditRecord],
    rest: AsyncIterator[list[AuditRecord]],
    encode: Callable[[Iterable[AuditRecord]], bytes],
) -> AsyncIterator[bytes]:
    yield head + encode(first)
    async for chunk in rest:
        yield encode(chunk)


audit_router = Router(
    "/audit-logs",
    route_handlers=[list_audit_logs],
    dependencies={"wanted": Provide(provide_filter)},
    tags=["audit"],
)
