"""The sync endpoints: what `tgl push` talks to."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from tgl_protocol.commits import (
    MissingRequest,
    MissingResult,
    PushingClients,
    PushResult,
    RefsResult,
    RefsUpdate,
    RepoStatus,
    RunPage,
    StreamResult,
)
from tgl_protocol.http import RUN_ID_HEADER
from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.body import read_body, read_struct
from tgl_server.db.engine import Database
from tgl_server.ingest import known, runs, service
from tgl_server.ingest.clients import clock_skew, list_clients
from tgl_server.ingest.decode import PreparedBatch, bad_in_order, prepare_batch
from tgl_server.ingest.measure import Phase, PhaseClock, note_refused, note_stored
from tgl_server.ingest.push import Push
from tgl_server.ingest.store import record_refusal, store_batch
from tgl_server.ingest.stream import ingest_stream
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.limits.intake import BODY_OPTION, STREAMED
from tgl_server.origin import origin_of
from tgl_server.projects.access import RepoAccess, may_push, may_read, provide_principal, provide_target
from tgl_server.settings import Settings

AnyRequest = Request[Any, Any, Any]
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at the most")]


async def provide_push(
    request: AnyRequest, target: NamedDependency[RepoAccess], principal: NamedDependency[Principal]
) -> Push:
    """The repository, the caller and the run that a push request names."""
    skew = clock_skew(request.headers.get("date"), datetime.now(UTC))
    return Push(target.id, _run_id(request), principal, origin_of(request), skew)


def _run_id(request: AnyRequest) -> UUID | None:
    text = request.headers.get(RUN_ID_HEADER)
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise errors.InvalidParameter(f"The header {RUN_ID_HEADER} must be a UUID.") from None


@post("/commits", guards=[may_push], request_max_body_size=None)
async def push_commits(
    request: AnyRequest,
    push: NamedDependency[Push],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    on_error: FromQuery[Literal["refuse", "skip"]] = "refuse",
) -> PushResult:
    """Store the commits that are new; repeating a push is not an error."""
    clock = PhaseClock()
    body = await read_body(request, settings.max_body_bytes)
    clock.lap(Phase.READ)
    batch = prepare_batch(push.repo_id, body.content, body.media_type)
    clock.lap(Phase.DECODE)
    if batch.bad and on_error == "refuse":
        await _refuse(database, push, batch)
    result = await store_batch(database, push, batch, clock)
    note_stored(clock, push.repo_id, result, settings.slow_batch_ms)
    return result


@post("/commits/stream", guards=[may_push], request_max_body_size=None, opt={BODY_OPTION: STREAMED})
async def stream_commits(
    request: AnyRequest,
    push: NamedDependency[Push],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> StreamResult:
    """Store newline-delimited commits of any number as they arrive; what is bad is left out and reported."""
    return await ingest_stream(database, push, request, settings.slow_batch_ms)


@get("/status", guards=[may_read])
async def repo_status(
    target: NamedDependency[RepoAccess], database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> RepoStatus:
    """The repository's sync state, without counting rows."""
    async with database.statements() as connection:
        return await service.repo_status(connection, target.id, timedelta(minutes=settings.run_timeout_minutes))


@post("/missing", guards=[may_push], status_code=200, request_max_body_size=None)
async def missing_shas(
    request: AnyRequest,
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> MissingResult:
    """Which of these shas does the repository lack?"""
    asked = await read_struct(request, MissingRequest, settings.max_body_bytes)
    async with database.transaction() as tx:
        return MissingResult(await known.missing_shas(tx, target.id, asked.shas))


@put("/refs", guards=[may_push], request_max_body_size=None)
async def update_refs(
    request: AnyRequest,
    push: NamedDependency[Push],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> RefsResult:
    """Record branch tips after a push, and close the run that `TGL-Run-Id` names."""
    update = await read_struct(request, RefsUpdate, settings.max_body_bytes)
    async with database.transaction() as tx:
        return await service.update_refs(tx, push, update.refs)


@get("/runs", guards=[may_read])
async def list_runs(
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    limit: Limit = 50,
    cursor: FromQuery[str | None] = None,
) -> RunPage:
    """Sync history, newest first."""
    timeout = timedelta(minutes=settings.run_timeout_minutes)
    async with database.statements() as connection:
        return await runs.list_runs(
            connection, target.id, limit=limit, cursor=cursor, run_timeout=timeout, now=datetime.now(UTC)
        )


@get("/clients", guards=[may_push])
async def pushing_clients(target: NamedDependency[RepoAccess], database: NamedDependency[Database]) -> PushingClients:
    """Who pushes to the repository, with which key and version, and how far their clocks are off."""
    async with database.statements() as connection:
        return await list_clients(connection, target.id)


async def _refuse(database: Database, push: Push, batch: PreparedBatch) -> None:
    """Nothing is stored; the refusal is remembered in a transaction of its own."""
    reason = f"A batch of {len(batch.shas)} commits was refused: {len(batch.bad)} of them are invalid."
    async with database.transaction() as tx:
        await record_refusal(tx, push, len(batch.shas), batch.client_version, reason)
    note_refused(len(batch.shas))
    raise errors.InvalidCommits(f"{reason} Nothing was stored.", bad_in_order(batch.bad))


sync_router = Router(
    "/sync/projects/{project:str}/repos/{repo:str}",
    opt=limited_as(RateGroup.SYNC),
    route_handlers=[push_commits, stream_commits, repo_status, missing_shas, update_refs, list_runs, pushing_clients],
    dependencies={
        "target": Provide(provide_target),
        "principal": Provide(provide_principal),
        "push": Provide(provide_push),
    },
    tags=["sync"],
)
