"""The routes of projects, members and repositories; a change answers with what is stored now."""

from typing import Annotated, Any

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from tgl_protocol.projects import (
    MemberChange,
    MemberInfo,
    MemberPage,
    NewMember,
    NewProject,
    NewRepo,
    ProjectChange,
    ProjectDeleted,
    ProjectInfo,
    ProjectPage,
    RepoDeleted,
    RepoInfo,
    RepoPage,
)
from tgl_server import errors
from tgl_server.access import guards
from tgl_server.access.guards import ProjectAccess, RepoAccess
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.access.path_names import UserId
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.followers.follower import Followers
from tgl_server.followers.service import confirm_losses
from tgl_server.http.confirmation import ConfirmationNeeded
from tgl_server.http.created import Created
from tgl_server.http.declarations import answers
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.projects import members, reading, service
from tgl_server.projects.actions import ProjectAction
from tgl_server.projects.filters import ByMethod, InStatus, Stale
from tgl_server.projects.reading import RepoFilter
from tgl_server.settings import Settings


@get("/", guards=[guards.lists_projects])
async def list_projects(
    principal: NamedDependency[Principal], database: NamedDependency[Database], limit: Limit = 50, cursor: Cursor = None
) -> ProjectPage:
    """List the projects that you own or are a member of; all of them for a commissioner.

    A key that only pushes lists those that it may push to.
    """
    async with database.statements() as connection:
        return await reading.list_projects(connection, principal, limit=limit, cursor=cursor)


@post("/", guards=[guards.creates_projects], opt=audited_as(ProjectAction.PROJECT_CREATED) | answers(errors.Conflict))
async def create_project(
    data: JSONBody[NewProject],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Created[ProjectInfo]:
    """Make a project, which you then own."""
    async with database.transaction() as tx:
        made = await service.create_project(tx, principal.user_id, data.slug, data.name, data.description, actor)
        project = await reading.get_project(tx, principal, ProjectId(made.id))
    return Created(project, "projects", project.id)


@get("/{project:str}", guards=[guards.sees_project])
async def get_project(
    target_project: NamedDependency[ProjectAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> ProjectInfo:
    """Show one project, by id or slug."""
    async with database.statements() as connection:
        return await reading.get_project(connection, principal, target_project.id)


Confirm = Annotated[
    str | None,
    QueryParameter(
        pattern=r"^[0-9a-f]{32}$", description="The token of the refusal that says what this takes from others"
    ),
]


@patch(
    "/{project:str}",
    guards=[guards.session_sees_project],
    opt=audited_as(ProjectAction.PROJECT_CHANGED) | answers(errors.Forbidden, errors.Conflict, errors.Busy),
)
async def change_project(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[ProjectChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> ProjectInfo:
    """Change a project: the fields that are named. `owner_id` hands it over, which commissioners may do as well."""
    async with database.transaction(target_project.id) as tx:
        await service.change_project(tx, target_project, data, actor)
        return await reading.get_project(tx, principal, target_project.id)


@delete(
    "/{project:str}",
    guards=[guards.owns_project],
    status_code=200,
    opt=audited_as(ProjectAction.PROJECT_DELETED) | answers(ConfirmationNeeded, errors.Busy),
)
async def delete_project(
    target_project: NamedDependency[ProjectAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    followers: NamedDependency[Followers],
    confirm: Confirm = None,
) -> ProjectDeleted:
    """Delete the project with its repositories and all their commits, for good; see the deletion of a repository."""
    async with database.transaction(target_project.id) as tx:
        repo_ids = await service.repos_of(tx, target_project.id)
        await confirm_losses(tx, followers, repo_ids, actor.user_id, confirm)
        return await service.delete_project(tx, target_project.id, actor, followers)


@get("/{project:str}/members", guards=[guards.sees_members])
async def list_members(
    target_project: NamedDependency[ProjectAccess],
    database: NamedDependency[Database],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> MemberPage:
    """List the members of the project, without its owner."""
    async with database.statements() as connection:
        return await reading.list_members(connection, target_project.id, limit=limit, cursor=cursor)


@post(
    "/{project:str}/members",
    guards=[guards.changes_project],
    opt=audited_as(ProjectAction.MEMBER_ADDED) | answers(errors.Conflict, errors.Busy),
)
async def add_member(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[NewMember],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Created[MemberInfo]:
    """Add an active user to the project."""
    async with database.transaction(target_project.id) as tx:
        user_id = await members.add_member(tx, target_project.id, data, actor)
        member = await reading.get_member(tx, target_project.id, user_id)
    return Created(member, "projects", target_project.id, "members", user_id)


@get("/{project:str}/members/{user_id:uuid}", guards=[guards.sees_members])
async def get_member(
    target_project: NamedDependency[ProjectAccess], user_id: UserId, database: NamedDependency[Database]
) -> MemberInfo:
    """Show one member of the project."""
    async with database.statements() as connection:
        return await reading.get_member(connection, target_project.id, user_id)


@patch(
    "/{project:str}/members/{user_id:uuid}",
    guards=[guards.changes_project],
    opt=audited_as(ProjectAction.MEMBER_CHANGED) | answers(errors.Conflict, errors.Busy),
)
async def change_member(
    target_project: NamedDependency[ProjectAccess],
    user_id: UserId,
    data: JSONBody[MemberChange],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> MemberInfo:
    """Give a member another role."""
    async with database.transaction(target_project.id) as tx:
        await members.change_member(tx, target_project.id, user_id, data.role, actor)
        return await reading.get_member(tx, target_project.id, user_id)


@delete(
    "/{project:str}/members/{user_id:uuid}",
    guards=[guards.session_sees_project],
    status_code=200,
    opt=audited_as(ProjectAction.MEMBER_REMOVED) | answers(errors.Forbidden, errors.Conflict, errors.Busy),
)
async def remove_member(
    target_project: NamedDependency[ProjectAccess],
    user_id: UserId,
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> MemberInfo:
    """Remove a member; every member may remove themselves. The answer shows who they were."""
    async with database.transaction(target_project.id) as tx:
        return await members.remove_member(tx, target_project, user_id, actor)


@get("/{project:str}/repos", guards=[guards.sees_project])
async def list_repos(
    request: Request[Any, Any, Any],
    target_project: NamedDependency[ProjectAccess],
    principal: NamedDependency[Principal],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    status: InStatus = None,
    stale: Stale = None,
    sync_method: ByMethod = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RepoPage:
    """List the project's repositories; a key that is restricted to repositories sees only these."""
    refuse_null(request, "status", "stale", "sync_method")
    wanted, timeout = RepoFilter(status=status, stale=stale, sync_method=sync_method), settings.run_timeout
    async with database.statements() as connection:
        return await reading.list_repos(
            connection, principal, target_project.id, wanted, limit=limit, cursor=cursor, run_timeout=timeout
        )


@post(
    "/{project:str}/repos",
    guards=[guards.registers_repos],
    opt=audited_as(ProjectAction.REPO_CREATED) | answers(errors.Conflict, errors.Busy),
)
async def register_repo(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[NewRepo],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    followers: NamedDependency[Followers],
) -> Created[RepoInfo]:
    """Register a repository to push commits to."""
    async with database.transaction(target_project.id) as tx:
        made = await service.register_repo(tx, target_project.id, data, actor, followers)
        repo = await reading.get_repo(tx, RepoId(made.id), settings.run_timeout)
    return Created(repo, "projects", repo.project_id, "repos", repo.id)


@get("/{project:str}/repos/{repo:str}", guards=[guards.sees_repo])
async def get_repo(
    target: NamedDependency[RepoAccess], settings: NamedDependency[Settings], database: NamedDependency[Database]
) -> RepoInfo:
    """Show one repository, by id or name."""
    async with database.statements() as connection:
        return await reading.get_repo(connection, target.id, settings.run_timeout)


@delete(
    "/{project:str}/repos/{repo:str}",
    guards=[guards.changes_repo],
    status_code=200,
    opt=audited_as(ProjectAction.REPO_DELETED) | answers(ConfirmationNeeded, errors.Busy),
)
async def delete_repo(
    target: NamedDependency[RepoAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    followers: NamedDependency[Followers],
    confirm: Confirm = None,
) -> RepoDeleted:
    """Delete the repository with all its commits, for good; what it takes from others has to be confirmed."""
    async with database.transaction(target.id) as tx:
        await confirm_losses(tx, followers, [target.id], actor.user_id, confirm)
        return await service.delete_repo(tx, target.id, actor, followers)


projects_router = Router(
    "/projects",
    route_handlers=[
        list_projects,
        create_project,
        get_project,
        change_project,
        delete_project,
        list_members,
        add_member,
        get_member,
        change_member,
        remove_member,
        list_repos,
        register_repo,
        get_repo,
        delete_repo,
    ],
    tags=["projects"],
)
