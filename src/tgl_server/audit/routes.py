"""The endpoint that reads the audit log, for commissioners."""

from collections.abc import AsyncIterator, Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from tgl_protocol.audit import AuditPage, AuditRecord
from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.audit import export, reading
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.queries import AuditFilter
from tgl_server.audit.service import Actor, record
from tgl_server.auth.guards import commissioner, provide_principal
from tgl_server.auth.principal import Principal
from tgl_server.cursors import Cursor
from tgl_server.db.engine import Database
from tgl_server.instants import Since, Until, parse_instant
from tgl_server.origin import origin_of
from tgl_server.query_words import refuse_null

AnyRequest = Request[Any, Any, Any]


class AuditFormat(StrEnum):
    """JSON comes in pages; the others are the whole of what was asked for."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


MEDIA_TYPES = {
    JSON_MEDIA_TYPE: AuditFormat.JSON,
    "application/x-ndjson": AuditFormat.NDJSON,
    "text/csv": AuditFormat.CSV,
}

Limit = Annotated[int, QueryParameter(ge=1, le=500, description="How many at the most; an export ignores it")]
ResourceType = Annotated[str | None, QueryParameter(max_length=50, description="project, repo, user, api_key, ...")]
ResourceId = Annotated[str | None, QueryParameter(max_length=200)]
Format = Annotated[AuditFormat | None, QueryParameter(description="Wins over the Accept header")]


async def provide_filter(
    request: AnyRequest,
    action: FromQuery[AuditAction | None] = None,
    outcome: FromQuery[AuditOutcome | None] = None,
    resource_type: ResourceType = None,
    resource_id: ResourceId = None,
    actor_user_id: FromQuery[UUID | None] = None,
    actor_key_id: FromQuery[UUID | None] = None,
    since: Since = None,
    until: Until = None,
) -> AuditFilter:
    """Which rows the query parameters ask for."""
    refuse_null(request, "action", "outcome", "actor_user_id", "actor_key_id", "format")
    for field, value in (("resource_type", resource_type), ("resource_id", resource_id)):
        if value is not None and "\x00" in value:
            raise errors.InvalidParameter(errors=[FieldError("Contains U+0000", field=field)])
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


@get(
    "/",
    guards=[commissioner],
    responses={200: ResponseSpec(AuditPage, description="A page, or a file of everything: see `format`")},
)
async def list_audit_logs(
    request: AnyRequest,
    wanted: NamedDependency[AuditFilter],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    limit: Limit = 100,
    cursor: Cursor = None,
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[AuditPage] | Stream:
    """Who did what, newest first: in pages as JSON, or all of it as NDJSON or CSV."""
    chosen = format or _accepted(request)
    if chosen is not AuditFormat.JSON:
        return await _export(database, wanted, chosen, Actor(principal.user_id, None, origin_of(request)))
    async with database.statements() as connection:
        return Response(await reading.list_records(connection, wanted, limit=limit, cursor=cursor))


def _accepted(request: AnyRequest) -> AuditFormat:
    """What the Accept header prefers; JSON for one that names none of ours."""
    best = request.accept.best_match(list(MEDIA_TYPES))
    return MEDIA_TYPES[best] if best else AuditFormat.JSON


async def _export(database: Database, wanted: AuditFilter, chosen: AuditFormat, by: Actor) -> Stream:
    """An export is itself in the log. The first chunk is read before the answer begins, so that it can still be 503."""
    async with database.transaction() as tx:
        await record(tx, by.did(AuditAction.AUDIT_LOG_EXPORTED, "audit_log", None, format=chosen, filter=wanted))
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
    dependencies={"principal": Provide(provide_principal), "wanted": Provide(provide_filter)},
    tags=["audit"],
)
