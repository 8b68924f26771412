"""The endpoints of projects, members and repositories. A change answers what is stored now."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter

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
    RepoChange,
    RepoDeleted,
    RepoInfo,
    RepoPage,
)
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import Actor
from tgl_server.auth.guards import provide_principal
from tgl_server.auth.principal import Principal
from tgl_server.cursors import Cursor
from tgl_server.db.engine import Database
from tgl_server.origin import origin_of
from tgl_server.projects import access, members, reading, service
from tgl_server.projects.access import ProjectAccess, RepoAccess
from tgl_server.projects.models import ProjectId, RepoId
from tgl_server.settings import Settings

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at the most")]


async def provide_actor(request: Request[Any, Any, Any], principal: NamedDependency[Principal]) -> Actor:
    """The caller, as the audit log names them."""
    return Actor(principal.user_id, principal.key_id, origin_of(request))


async def provide_run_timeout(settings: NamedDependency[Settings]) -> timedelta:
    """After how long without a batch a push counts as interrupted."""
    return timedelta(minutes=settings.run_timeout_minutes)


@get("/", guards=[access.reads_repos])
async def list_projects(
    principal: NamedDependency[Principal], database: NamedDependency[Database], limit: Limit = 50, cursor: Cursor = None
) -> ProjectPage:
    """The projects that you own or are a member of; all of them for a commissioner."""
    async with database.statements() as connection:
        return await reading.list_projects(connection, principal, limit=limit, cursor=cursor)


@post("/", guards=[access.creates_projects], opt={"audit": AuditAction.PROJECT_CREATED})
async def create_project(
    data: JSONBody[NewProject],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> ProjectInfo:
    """Make a project, and own it."""
    async with database.transaction() as tx:
        made = await service.create_project(tx, principal.user_id, data.slug, data.name, data.description, actor)
        return await reading.get_project(tx, principal, ProjectId(made.id))


@get("/{project:str}", guards=[access.sees_project])
async def get_project(
    target_project: NamedDependency[ProjectAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> ProjectInfo:
    """One project, by id or slug."""
    async with database.statements() as connection:
        return await reading.get_project(connection, principal, target_project.id)


@patch("/{project:str}", guards=[access.signed_in_sees_project], opt={"audit": AuditAction.PROJECT_CHANGED})
async def change_project(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[ProjectChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> ProjectInfo:
    """Change what is named. `owner_id` hands the project over, which a commissioner may do as well."""
    async with database.transaction() as tx:
        await service.change_project(tx, target_project, data, actor)
        return await reading.get_project(tx, principal, target_project.id)


@delete("/{project:str}", guards=[access.owns_project], status_code=200, opt={"audit": AuditAction.PROJECT_DELETED})
async def delete_project(
    target_project: NamedDependency[ProjectAccess], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> ProjectDeleted:
    """Delete the project with its repositories and all their commits, for good."""
    async with database.transaction() as tx:
        return await service.delete_project(tx, target_project.id, actor)


@get("/{project:str}/members", guards=[access.sees_members])
async def list_members(
    target_project: NamedDependency[ProjectAccess],
    database: NamedDependency[Database],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> MemberPage:
    """Who is in the project besides its owner."""
    async with database.statements() as connection:
        return await reading.list_members(connection, target_project.id, limit=limit, cursor=cursor)


@post("/{project:str}/members", guards=[access.changes_project], opt={"audit": AuditAction.MEMBER_ADDED})
async def add_member(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[NewMember],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> MemberInfo:
    """Take an active user into the project."""
    async with database.transaction() as tx:
        user_id = await members.add_member(tx, target_project.id, data, actor)
        return await reading.get_member(tx, target_project.id, user_id)


@patch(
    "/{project:str}/members/{user_id:uuid}", guards=[access.changes_project], opt={"audit": AuditAction.MEMBER_CHANGED}
)
async def change_member(
    target_project: NamedDependency[ProjectAccess],
    user_id: FromPath[UUID],
    data: JSONBody[MemberChange],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> MemberInfo:
    """Make a member a maintainer, or the other way round."""
    async with database.transaction() as tx:
        await members.change_member(tx, target_project.id, user_id, data.role, actor)
        return await reading.get_member(tx, target_project.id, user_id)


@delete(
    "/{project:str}/members/{user_id:uuid}",
    guards=[access.signed_in_sees_project],
    opt={"audit": AuditAction.MEMBER_REMOVED},
)
async def remove_member(
    target_project: NamedDependency[ProjectAccess],
    user_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> None:
    """Take a member out; everyone may take out themselves."""
    async with database.transaction() as tx:
        await members.remove_member(tx, target_project, user_id, actor)


@get("/{project:str}/repos", guards=[access.sees_project])
async def list_repos(
    target_project: NamedDependency[ProjectAccess],
    principal: NamedDependency[Principal],
    run_timeout: NamedDependency[timedelta],
    database: NamedDependency[Database],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RepoPage:
    """The project's repositories; a restricted key sees its own."""
    async with database.statements() as connection:
        return await reading.list_repos(
            connection, principal, target_project.id, limit=limit, cursor=cursor, run_timeout=run_timeout
        )


@post("/{project:str}/repos", guards=[access.registers_repos], opt={"audit": AuditAction.REPO_CREATED})
async def register_repo(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[NewRepo],
    actor: NamedDependency[Actor],
    run_timeout: NamedDependency[timedelta],
    database: NamedDependency[Database],
) -> RepoInfo:
    """Register a repository, to push its commits to."""
    async with database.transaction() as tx:
        made = await service.register_repo(tx, target_project.id, data, actor)
        return await reading.get_repo(tx, RepoId(made.id), run_timeout)


@get("/{project:str}/repos/{repo:str}", guards=[access.sees_repo])
async def get_repo(
    target: NamedDependency[RepoAccess], run_timeout: NamedDependency[timedelta], database: NamedDependency[Database]
) -> RepoInfo:
    """One repository, by id or name."""
    async with database.statements() as connection:
        return await reading.get_repo(connection, target.id, run_timeout)


@patch("/{project:str}/repos/{repo:str}", guards=[access.changes_repo], opt={"audit": AuditAction.REPO_CHANGED})
async def change_repo(
    target: NamedDependency[RepoAccess],
    data: JSONBody[RepoChange],
    actor: NamedDependency[Actor],
    run_timeout: NamedDependency[timedelta],
    database: NamedDependency[Database],
) -> RepoInfo:
    """Change what is named; null takes a git_url or an expected cadence away."""
    async with database.transaction() as tx:
        await service.change_repo(tx, target.id, data, actor)
        return await reading.get_repo(tx, target.id, run_timeout)


@delete(
    "/{project:str}/repos/{repo:str}",
    guards=[access.changes_repo],
    status_code=200,
    opt={"audit": AuditAction.REPO_DELETED},
)
async def delete_repo(
    target: NamedDependency[RepoAccess], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> RepoDeleted:
    """Delete the repository with all its commits, for good."""
    async with database.transaction() as tx:
        return await service.delete_repo(tx, target.id, actor)


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
        change_member,
        remove_member,
        list_repos,
        register_repo,
        get_repo,
        change_repo,
        delete_repo,
    ],
    dependencies={
        "principal": Provide(provide_principal),
        "actor": Provide(provide_actor),
        "run_timeout": Provide(provide_run_timeout),
        "target_project": Provide(access.provide_project),
        "target": Provide(access.provide_target),
    },
    tags=["projects"],
)
