"""The sync endpoints: what `tgl push` talks to."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from tgl_protocol.clients import PushingClients
from tgl_protocol.commits import (
    Commit,
    MissingRequest,
    MissingResult,
    PushBatch,
    PushResult,
    RefsPage,
    RefsResult,
    RefsUpdate,
    RepoStatus,
    RunDetails,
    RunPage,
    RunState,
)
from tgl_protocol.http import MAX_CLIENT_VERSION_LENGTH, MAX_REFS, NDJSON_MEDIA_TYPE, RUN_ID_HEADER
from tgl_protocol.problem import FieldError
from tgl_protocol.stream import StreamResult
from tgl_protocol.visible import visible
from tgl_server import errors
from tgl_server.access.guards import RepoAccess, may_push, may_read
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.body import large_body, large_struct, read_stream
from tgl_server.http.body_budget import BodyBudget
from tgl_server.http.client_address import origin_of
from tgl_server.http.declarations import RequestHeader, answers, reads, reads_headers, reads_lines
from tgl_server.http.draining import Draining
from tgl_server.http.example_values import RUN_ID as RUN_ID_EXAMPLE
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.ingest import missing, refs, runs, service
from tgl_server.ingest.clients import clock_skew, list_clients
from tgl_server.ingest.context import Push, pusher_of
from tgl_server.ingest.decode import prepare_batch
from tgl_server.ingest.phases import Phase, PhaseClock
from tgl_server.ingest.push import OnError, push_batch
from tgl_server.ingest.refusals import CommitsRemoved, UnknownCommits
from tgl_server.ingest.stream import CommitStream
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.settings import Settings

AnyRequest = Request[Any, Any, Any]

RUN_ID = RequestHeader(
    RUN_ID_HEADER,
    "A UUID of the client's choice that groups the batches of one push into one run",
    {"type": "string", "format": "uuid"},
    str(RUN_ID_EXAMPLE),
)

OnErrorQuery = Annotated[
    OnError,
    QueryParameter(
        description="`refuse` stores nothing if one commit is invalid; `skip` stores the others and reports it"
    ),
]

MaxRefs = Annotated[
    int, QueryParameter(ge=0, le=MAX_REFS, description="The number of branch tips to answer at the most, first by name")
]
RefsLimit = Annotated[int, QueryParameter(ge=1, le=MAX_REFS, description="How many at the most")]
# It holds the name of a branch, which may be long.
RefsCursor = Annotated[
    str | None,
    QueryParameter(
        max_length=10_000, description="The `next_cursor` of the page before; without it the list starts anew"
    ),
]
# Litestar reserves the argument name `state`.
InState = Annotated[RunState | None, QueryParameter(name="state", description="Only runs in this state")]


RunId = Annotated[UUID, PathParameter(description="The run's id", examples=[Example(value=str(RUN_ID_EXAMPLE))])]


async def provide_push(
    request: AnyRequest, target: NamedDependency[RepoAccess], principal: NamedDependency[Principal]
) -> Push:
    """The repository, caller, run and clock skew of a push request."""
    skew = clock_skew(request.headers.get("date"), datetime.now(UTC))
    return Push(target.id, _run_id(request), pusher_of(principal, origin_of(request)), skew)


def _run_id(request: AnyRequest) -> UUID | None:
    text = request.headers.get(RUN_ID_HEADER)
    try:
        return None if text is None else UUID(text)
    except ValueError:
        reason = FieldError("Expected a UUID", field=RUN_ID_HEADER)
        raise errors.InvalidParameter(f"The header {RUN_ID_HEADER} must be a UUID.", [reason]) from None


@post(
    "/commits",
    guards=[may_push],
    request_max_body_size=None,
    opt=reads(PushBatch) | reads_headers(RUN_ID) | answers(errors.InvalidCommits, errors.Busy),
)
async def push_commits(
    request: AnyRequest,
    push: NamedDependency[Push],
    database: NamedDependency[Database],
    body_budget: NamedDependency[BodyBudget],
    settings: NamedDependency[Settings],
    on_error: OnErrorQuery = "refuse",
) -> PushResult:
    """Store the commits that are new; repeating a push is not an error."""
    clock = PhaseClock()
    async with large_body(request, settings.max_body_bytes, body_budget) as body:
        clock.lap(Phase.READ)
        batch = prepare_batch(push.repo_id, body.content, body.media_type)
        clock.lap(Phase.DECODE)
        return await push_batch(database, push, batch, clock, on_error=on_error, slow_ms=settings.slow_batch_ms)


@post(
    "/commits/stream",
    guards=[may_push],
    request_max_body_size=None,
    opt=reads_lines(Commit, NDJSON_MEDIA_TYPE) | reads_headers(RUN_ID) | answers(errors.Busy),
)
async def stream_commits(
    request: AnyRequest,
    push: NamedDependency[Push],
    database: NamedDependency[Database],
    draining: NamedDependency[Draining],
    settings: NamedDependency[Settings],
) -> StreamResult:
    """Store any number of newline-delimited commits as they arrive; invalid ones are skipped and reported."""
    pieces = read_stream(request, NDJSON_MEDIA_TYPE)
    agent = visible(request.headers.get("user-agent", ""))[:MAX_CLIENT_VERSION_LENGTH]
    return await CommitStream(database, push, agent or None, settings.slow_batch_ms).ingest(pieces, draining)


@get("/status", guards=[may_read])
async def repo_status(
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    max_refs: MaxRefs = MAX_REFS,
) -> RepoStatus:
    """The repository's sync state, without counting rows."""
    async with database.statements() as connection:
        return await service.repo_status(connection, target.id, settings.run_timeout, max_refs)


@get("/refs", guards=[may_read])
async def list_refs(
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    limit: RefsLimit = 1000,
    cursor: RefsCursor = None,
) -> RefsPage:
    """List the recorded branch tips by name; their digest shows whether they changed between two pages."""
    async with database.statements() as connection:
        return await refs.list_refs(connection, target.id, limit=limit, cursor=cursor)


@post("/missing", guards=[may_push], status_code=200, request_max_body_size=None, opt=reads(MissingRequest))
async def missing_shas(
    request: AnyRequest,
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    body_budget: NamedDependency[BodyBudget],
    settings: NamedDependency[Settings],
) -> MissingResult:
    """List which of these shas the repository does not have."""
    body = large_struct(request, MissingRequest, settings.max_body_bytes, body_budget)
    async with body as asked, database.transaction() as tx:
        return MissingResult(await missing.missing_shas(tx, target.id, asked.shas))


@put(
    "/refs",
    guards=[may_push],
    request_max_body_size=None,
    opt=reads(RefsUpdate) | reads_headers(RUN_ID) | answers(UnknownCommits, CommitsRemoved, errors.Busy),
)
async def update_refs(
    request: AnyRequest,
    push: NamedDependency[Push],
    database: NamedDependency[Database],
    body_budget: NamedDependency[BodyBudget],
    settings: NamedDependency[Settings],
    max_refs: MaxRefs = MAX_REFS,
) -> RefsResult:
    """Record branch tips after a push, and close the run that `TGL-Run-Id` names."""
    body = large_struct(request, RefsUpdate, settings.max_body_bytes, body_budget)
    async with body as update, database.transaction(push.repo_id) as tx:
        return await refs.update_refs(tx, push, update.refs, update.last_removal, max_refs, update.head)


@get("/runs", guards=[may_read])
async def list_runs(
    request: AnyRequest,
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    in_state: InState = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RunPage:
    """Sync history, newest first."""
    refuse_null(request, "state")
    timeout = settings.run_timeout
    async with database.statements() as connection:
        return await runs.list_runs(
            connection,
            target,
            principal,
            state=in_state,
            limit=limit,
            cursor=cursor,
            run_timeout=timeout,
            now=datetime.now(UTC),
        )


@get("/runs/{run_id:uuid}", guards=[may_read])
async def get_run(
    run_id: RunId,
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> RunDetails:
    """Show one run, with the reasons for the commits that it refused."""
    timeout = settings.run_timeout
    async with database.statements() as connection:
        return await runs.get_run(connection, target, principal, run_id, run_timeout=timeout, now=datetime.now(UTC))


@get("/clients", guards=[may_push])
async def pushing_clients(
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> PushingClients:
    """List who pushes to the repository, with which key and version, and how far their clocks are off."""
    async with database.statements() as connection:
        return await list_clients(connection, target, principal)


sync_router = Router(
    "/sync/projects/{project:str}/repos/{repo:str}",
    opt=limited_as(RateGroup.SYNC),
    route_handlers=[
        push_commits,
        stream_commits,
        repo_status,
        missing_shas,
        list_refs,
        update_refs,
        list_runs,
        get_run,
        pushing_clients,
    ],
    dependencies={"push": Provide(provide_push)},
    tags=["sync"],
)
