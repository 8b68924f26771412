"""The routes of moving repositories between pulling and pushing, and the one that changes a repository.

That one is here since `sync_method` is among the fields that it changes.
"""

from typing import Annotated, Any

from litestar import Request, Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from tgl_protocol.comparison import ComparisonInfo, DigestPage
from tgl_protocol.migration import MethodSwitch, MigrationStatus, ToPull, ToPush
from tgl_protocol.projects import RepoChange, RepoInfo, SyncMethod
from tgl_server import errors
from tgl_server.access import guards
from tgl_server.access.guards import ProjectAccess, RepoAccess
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.created import Accepted
from tgl_server.http.declarations import answers
from tgl_server.http.null_parameters import refuse_null_body
from tgl_server.http.pagination import Cursor
from tgl_server.migration import service
from tgl_server.migration.actions import MigrationAction
from tgl_server.migration.asking import ask_for_comparison, comparison_info
from tgl_server.migration.comparing import PAGE, digest_page
from tgl_server.projects import reading
from tgl_server.projects.actions import ProjectAction
from tgl_server.remotes import policy_of
from tgl_server.settings import Settings

DigestLimit = Annotated[int, QueryParameter(ge=1, le=PAGE, description="How many at the most")]

_REPO = "/projects/{project:str}/repos/{repo:str}"


@patch(
    _REPO,
    guards=[guards.changes_repo],
    opt=audited_as(ProjectAction.REPO_CHANGED) | answers(errors.Conflict, errors.Busy),
    tags=["projects"],
)
async def change_repo(
    target: NamedDependency[RepoAccess],
    data: JSONBody[RepoChange],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> RepoInfo:
    """Change a repository: the fields that are named; null removes a git_url or an expected cadence.

    Another `sync_method` ends the pull or push that is under way, and `push_client` deletes the remote's credentials.
    """
    async with database.transaction(target.id) as tx:
        await service.change_repo(tx, policy_of(settings), target.id, data, actor)
        return await reading.get_repo(tx, target.id, settings.run_timeout)


@post(
    f"{_REPO}/migrate-to-push",
    guards=[guards.changes_repo],
    status_code=200,
    opt=audited_as(MigrationAction.MIGRATED_TO_PUSH) | answers(errors.Busy),
    tags=["migration"],
)
async def migrate_to_push(
    request: Request[Any, Any, Any],
    target: NamedDependency[RepoAccess],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    data: JSONBody[ToPush | None] = None,
) -> MethodSwitch:
    """Let clients push to a repository from now on: a pull that runs is cancelled, and the credentials are deleted."""
    await refuse_null_body(request)
    wanted = data or ToPush()
    if wanted.dry_run:
        return await _plan(database, target, SyncMethod.PUSH_CLIENT, keep_credentials=wanted.keep_credentials)
    async with database.transaction(target.id) as tx:
        return await service.switch_method(
            tx,
            policy_of(settings),
            target.id,
            SyncMethod.PUSH_CLIENT,
            actor,
            keep_credentials=wanted.keep_credentials,
        )


@post(
    f"{_REPO}/rollback-to-pull",
    guards=[guards.changes_repo],
    status_code=200,
    opt=audited_as(MigrationAction.ROLLED_BACK_TO_PULL) | answers(errors.Busy),
    tags=["migration"],
)
async def rollback_to_pull(
    request: Request[Any, Any, Any],
    target: NamedDependency[RepoAccess],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    data: JSONBody[ToPull | None] = None,
) -> MethodSwitch:
    """Let the server pull a repository again, by its schedule of before; pushes are refused from now on."""
    await refuse_null_body(request)
    if data is not None and data.dry_run:
        return await _plan(database, target, SyncMethod.PULL_CELERY)
    async with database.transaction(target.id) as tx:
        return await service.switch_method(tx, policy_of(settings), target.id, SyncMethod.PULL_CELERY, actor)


async def _plan(
    database: Database, target: RepoAccess, method: SyncMethod, *, keep_credentials: bool = False
) -> MethodSwitch:
    async with database.statements() as connection:
        return await service.plan_switch(connection, target.id, method, keep_credentials=keep_credentials)


@get("/projects/{project:str}/migration", guards=[guards.sees_project], tags=["migration"])
async def show_migration(
    target_project: NamedDependency[ProjectAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> MigrationStatus:
    """Show how many of the project's repositories clients push to, of those that you see."""
    async with database.statements() as connection:
        found = await service.migration_status(connection, target_project.id, principal.repo_ids)
    return service.together(found, target_project.slug)


@post(
    f"{_REPO}/comparison",
    guards=[guards.changes_repo],
    status_code=202,
    opt=audited_as(MigrationAction.COMPARISON_REQUESTED) | answers(errors.Conflict, errors.Busy),
    tags=["migration"],
)
async def request_comparison(
    target: NamedDependency[RepoAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Accepted[ComparisonInfo]:
    """Let a worker compare a pulled repository with the server's copy of its remote, commit by commit.

    The answer's `Location` has the result once there is one. Who asks while a comparison is open gets that one.
    """
    async with database.transaction(target.id) as tx:
        await ask_for_comparison(tx, target.id, actor)
        asked = await comparison_info(tx, target.id)
    return Accepted(asked, "projects", target.project_slug, "repos", target.id, "comparison")


@get(f"{_REPO}/comparison", guards=[guards.reads_commits], opt=answers(errors.NotFound), tags=["migration"])
async def show_comparison(target: NamedDependency[RepoAccess], database: NamedDependency[Database]) -> ComparisonInfo:
    """Show the last comparison that somebody asked for: how far it is, and what differs once it is done."""
    async with database.statements() as connection:
        return await comparison_info(connection, target.id)


@get(f"{_REPO}/digests", guards=[guards.reads_commits], tags=["migration"])
async def list_digests(
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    limit: DigestLimit = PAGE,
    cursor: Cursor = None,
) -> DigestPage:
    """List the stored commits, by sha, with a digest of each one's columns: to compare a clone with, column by column.

    The digest is SHA-256 of the columns as a JSON array, as `tgl_protocol.comparison` makes it.
    """
    async with database.statements() as connection:
        return await digest_page(connection, target.id, limit=limit, cursor=cursor)


migration_router = Router(
    "/",
    route_handlers=[
        change_repo,
        migrate_to_push,
        rollback_to_pull,
        show_migration,
        request_comparison,
        show_comparison,
        list_digests,
    ],
)
