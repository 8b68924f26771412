"""The routes of pulls: a schedule, a pull now, cancelling, pausing, and where it stands."""

from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tgl_protocol.commits import RunDetails
from tgl_protocol.pulls import PullInfo, PullSchedule
from tgl_server import errors
from tgl_server.access import guards
from tgl_server.access.guards import RepoAccess
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.broker.wake_ups import WakeUps
from tgl_server.credentials.errors import NoRemote
from tgl_server.db.clock import database_now
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers
from tgl_server.ingest.runs import get_run
from tgl_server.pull import service
from tgl_server.pull.actions import PullAction
from tgl_server.pull.errors import WrongSyncMethod
from tgl_server.settings import Settings


@get("/", guards=[guards.sees_repo])
async def show_pull(target: NamedDependency[RepoAccess], database: NamedDependency[Database]) -> PullInfo:
    """Show a repository's schedule, and where its pulls stand."""
    async with database.statements() as connection:
        return await service.pull_info(connection, target.id)


@put(
    "/",
    guards=[guards.changes_repo],
    opt=audited_as(PullAction.PULL_SCHEDULED) | answers(WrongSyncMethod, errors.Busy),
)
async def set_schedule(
    target: NamedDependency[RepoAccess],
    data: JSONBody[PullSchedule],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> PullInfo:
    """Pull a repository by a schedule from now on, or only when asked; ends a pause."""
    async with database.transaction(target.id) as tx:
        await service.set_schedule(tx, target.id, data, actor)
        return await service.pull_info(tx, target.id)


@post(
    "/",
    guards=[guards.asks_for_pulls],
    status_code=202,
    opt=audited_as(PullAction.PULL_REQUESTED) | answers(WrongSyncMethod, NoRemote, errors.Busy),
)
async def request_pull(
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    wake_ups: NamedDependency[WakeUps],
) -> RunDetails:
    """Ask for a pull: the run to follow, which waits for a worker. Who asks while one waits gets that one."""
    async with database.transaction(target.id) as tx:
        run_id = await service.request_pull(tx, target.id, actor)
        wake_up = await service.wake_up_for(tx, target.id)
        now = await database_now(tx)
        connection = await tx.connection()
        run = await get_run(connection, target, principal, run_id, run_timeout=settings.run_timeout, now=now)
    wake_ups.wake(wake_up)
    return run


@delete(
    "/",
    guards=[guards.asks_for_pulls],
    status_code=200,
    opt=audited_as(PullAction.PULL_CANCELLED) | answers(WrongSyncMethod, errors.Busy),
)
async def cancel_pull(
    target: NamedDependency[RepoAccess], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> PullInfo:
    """Cancel a pull: one that waits at once, one that runs within 15 seconds. What it stored stays, and so does the
    schedule."""
    async with database.transaction(target.id) as tx:
        await service.cancel_pull(tx, target.id, actor)
        return await service.pull_info(tx, target.id)


@post(
    "/pause",
    guards=[guards.asks_for_pulls],
    status_code=200,
    opt=audited_as(PullAction.PULL_PAUSED) | answers(WrongSyncMethod, errors.Busy),
)
async def pause_pulls(
    target: NamedDependency[RepoAccess], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> PullInfo:
    """Begin no pull until somebody asks for one or resumes; what waits is cancelled, what runs goes on to its end."""
    async with database.transaction(target.id) as tx:
        await service.pause_pulls(tx, target.id, actor)
        return await service.pull_info(tx, target.id)


@post(
    "/resume",
    guards=[guards.asks_for_pulls],
    status_code=200,
    opt=audited_as(PullAction.PULL_RESUMED) | answers(WrongSyncMethod, errors.Busy),
)
async def resume_pulls(
    target: NamedDependency[RepoAccess], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> PullInfo:
    """End a pause: the schedule goes on with its next moment."""
    async with database.transaction(target.id) as tx:
        await service.resume_pulls(tx, target.id, actor)
        return await service.pull_info(tx, target.id)


pull_router = Router(
    "/projects/{project:str}/repos/{repo:str}/pull",
    route_handlers=[show_pull, set_schedule, request_pull, cancel_pull, pause_pulls, resume_pulls],
    tags=["pulls"],
)
