"""What a caller may do with a project or a repository, as guards that leave what they found with the request.

What one may not see answers 404; what one may see but not do answers 403.

                        project                     repository
    reading             sees_project                sees_repo, may_read (sync endpoints)
    pushing                                         may_push
    changing            changes_project             changes_repo
    as the owner        owns_project
    handing over        changes_or_transfers        (which of both, the service decides by what is to change)
    making              creates_projects            registers_repos

Reading is open to keys with `read:repos`; a key that is restricted to repositories sees these, their projects and
nothing else. All writing needs a session, but for pushing and for registering a repository: both are what `tgl` does.
"""

from typing import Any, cast
from uuid import UUID

from litestar import Request
from litestar.handlers import BaseRouteHandler
from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_protocol.projects import MemberRole, ProjectRole, SyncMethod
from tgl_server import errors
from tgl_server.auth.guards import authenticate, web_user
from tgl_server.auth.principal import Principal, Scope
from tgl_server.auth.refusals import name_resource
from tgl_server.db.engine import Database
from tgl_server.origin import AnyConnection
from tgl_server.projects.models import ProjectId, RepoId
from tgl_server.projects.names import as_uuid
from tgl_server.projects.queries import PROJECT_BY_ADDRESS, REPO_BY_ADDRESS, ROLE_OF_USER

_CHANGERS = (ProjectRole.OWNER, ProjectRole.MAINTAINER)


class ProjectAccess(Struct, frozen=True):
    """A project that the caller may read, and their role in it: None for a commissioner who has none."""

    id: ProjectId
    role: ProjectRole | None
    is_commissioner: bool

    @property
    def may_change(self) -> bool:
        return self.role in _CHANGERS

    @property
    def may_transfer(self) -> bool:
        """A commissioner too: somebody must be able to when the owner has left."""
        return self.role is ProjectRole.OWNER or self.is_commissioner


class RepoAccess(Struct, frozen=True):
    """A repository that the caller may read, and whether they may push to it and change it."""

    id: RepoId
    sync_method: SyncMethod
    may_push: bool


async def may_read(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members of the project and commissioners; a key needs one of the scopes."""
    await _repo(connection, {Scope.READ_REPOS, Scope.SYNC_COMMITS})


async def may_push(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The project's owner and its maintainers; a key needs `sync:commits`."""
    access = await _repo(connection, {Scope.SYNC_COMMITS})
    if not access.may_push:
        raise errors.Forbidden("Only the project's owner and its maintainers push to its repositories.")
    if access.sync_method is not SyncMethod.PUSH_CLIENT:
        raise errors.NotAPushRepository


async def sees_repo(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members of the project and commissioners; a key needs `read:repos`."""
    await _repo(connection, {Scope.READ_REPOS})


async def changes_repo(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """The project's owner and its maintainers, signed in."""
    await web_user(connection, handler)
    access = await _repo(connection, set(Scope))
    if not access.may_push:
        raise errors.Forbidden("Only the project's owner and its maintainers change its repositories.")


async def reads_repos(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anyone active; a key needs `read:repos`."""
    await _with_scope(connection, {Scope.READ_REPOS})


async def sees_project(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members and commissioners; a key needs `read:repos`."""
    await _project(connection, {Scope.READ_REPOS})


async def sees_members(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """As the project, but for keys that are restricted to repositories: those do not show people."""
    await sees_project(connection, handler)
    if (await authenticate(connection)).repo_ids is not None:
        raise errors.Forbidden("This API key is restricted to some repositories; it does not show members.")


async def signed_in_sees_project(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Members and commissioners, signed in; what they may change there is for the service to say."""
    await web_user(connection, handler)
    await _project(connection, set(Scope))


async def changes_project(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """The owner and the maintainers, signed in."""
    await web_user(connection, handler)
    _check_changer(await _project(connection, set(Scope)))


async def owns_project(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """The owner, signed in."""
    await web_user(connection, handler)
    if (await _project(connection, set(Scope))).role is not ProjectRole.OWNER:
        raise errors.Forbidden("Only the project's owner deletes it.")


async def registers_repos(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The owner and the maintainers; a key needs `sync:commits` and no restriction, so that `tgl init` can do it."""
    _check_changer(await _project(connection, {Scope.SYNC_COMMITS}))
    if (await authenticate(connection)).repo_ids is not None:
        raise errors.Forbidden("This API key is restricted to some repositories; it does not register new ones.")


async def creates_projects(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Commissioners and players, signed in; spectators only look."""
    await web_user(connection, handler)
    principal = await authenticate(connection)
    async with _database(connection).statements() as statements:
        role = await statements.scalar(ROLE_OF_USER, {"user_id": principal.user_id})
    if role not in ("commissioner", "player"):
        raise errors.Forbidden("Spectators do not create projects; a commissioner can change your role.")


async def provide_project(request: Request[Any, Any, Any]) -> ProjectAccess:
    """The project that the guard admitted."""
    return cast("ProjectAccess", request.scope["state"]["project"])


async def provide_target(request: Request[Any, Any, Any]) -> RepoAccess:
    """The repository that the guard admitted."""
    return cast("RepoAccess", request.scope["state"]["target"])


async def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """The caller that the guard admitted."""
    return cast("Principal", request.scope["state"]["principal"])


def _check_changer(access: ProjectAccess) -> None:
    if not access.may_change:
        raise errors.Forbidden("Only the project's owner and its maintainers do this.")


async def _with_scope(connection: AnyConnection, scopes: set[Scope]) -> Principal:
    principal = await authenticate(connection)
    if not scopes & principal.scopes:
        raise errors.InsufficientScope(f"This API key lacks the scope {' or '.join(sorted(scopes))}.")
    return principal


async def _project(connection: AnyConnection, scopes: set[Scope]) -> ProjectAccess:
    principal = await _with_scope(connection, scopes)
    project_id, slug = _id_or_name(connection.path_params["project"])
    address = {"project_id": project_id, "project_slug": slug, "user_id": principal.user_id}
    restriction = None if principal.repo_ids is None else list(principal.repo_ids)
    async with _database(connection).statements() as statements:
        found = await statements.execute(PROJECT_BY_ADDRESS, {**address, "repo_ids": restriction})
        row = found.mappings().one_or_none()
    role = _role(row, principal)
    if row is None or not (role or principal.is_commissioner) or not row["is_in_reach"]:
        raise errors.NotFound("There is no such project, or you may not see it.")
    name_resource(connection.scope, "project", row["id"])
    access = ProjectAccess(ProjectId(row["id"]), role, principal.is_commissioner)
    connection.scope["state"]["project"] = access
    return access


async def _repo(connection: AnyConnection, scopes: set[Scope]) -> RepoAccess:
    principal = await _with_scope(connection, scopes)
    access = await _find_repo(connection, principal)
    if access is None or not principal.may_touch(access.id):
        raise errors.NotFound("There is no such repository, or you may not see it.")
    name_resource(connection.scope, "repo", access.id)
    connection.scope["state"]["target"] = access
    return access


async def _find_repo(connection: AnyConnection, principal: Principal) -> RepoAccess | None:
    project_id, slug = _id_or_name(connection.path_params["project"])
    repo_id, name = _id_or_name(connection.path_params["repo"])
    address = {"project_id": project_id, "project_slug": slug, "repo_id": repo_id, "repo_name": name}
    async with _database(connection).statements() as statements:
        found = await statements.execute(REPO_BY_ADDRESS, {**address, "user_id": principal.user_id})
        row = found.mappings().one_or_none()
    role = _role(row, principal)
    if row is None or not (role or principal.is_commissioner):
        return None
    return RepoAccess(RepoId(row["id"]), SyncMethod(row["sync_method"]), role in _CHANGERS)


def _role(row: RowMapping | None, principal: Principal) -> ProjectRole | None:
    if row is None:
        return None
    if row["owner_id"] == principal.user_id:
        return ProjectRole.OWNER
    return ProjectRole(MemberRole(row["member_role"])) if row["member_role"] else None


def _database(connection: AnyConnection) -> Database:
    database: Database = connection.app.state.database
    return database


def _id_or_name(text: str) -> tuple[UUID | None, str | None]:
    """A name that reads as a UUID cannot be chosen, so there is no doubt."""
    id_ = as_uuid(text)
    return id_, None if id_ or not _is_storable(text) else text


def _is_storable(text: str) -> bool:
    """A percent-encoded path can hold what no name does and PostgreSQL refuses."""
    try:
        return "\x00" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False
