"""Guards for projects and repositories; each leaves what it found in the request's context.

Whatever the caller may not see answers 404, as if it were not there; what they may see but not do answers 403.

                        project                     repository
    reading             sees_project                sees_repo, may_read (sync endpoints)
    pushing                                         may_push
    asking to be pulled                             asks_for_pulls
    changing            changes_project             changes_repo
    as the owner        owns_project
    handing over        session_sees_project        (the service decides by what is to change)
    making              creates_projects            registers_repos

Reading is open to keys with `read:repos`. A key with `sync:commits` alone sees the projects that it may push to, and
their repositories, so that whoever pushes can ask where to. A key that is restricted to repositories sees these, their
projects and nothing else. All writing needs a session, but for pushing, for asking to be pulled, and for registering a
repository: what `tgl` and builds do.
"""

from uuid import UUID

from litestar.handlers import BaseRouteHandler
from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_protocol.projects import MemberRole, ProjectRole, SyncMethod
from tgl_server import errors
from tgl_server.access.callers import admits_keys, admits_sessions, authenticate
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.access.path_names import PROJECT, REPO
from tgl_server.access.queries import PROJECT_BY_ADDRESS, REPO_BY_ADDRESS, ROLE_OF_USER
from tgl_server.access.refusals import Resource
from tgl_server.access.unseen import no_such_project, no_such_repo
from tgl_server.auth.principal import Principal, Scope
from tgl_server.db.engine import Database
from tgl_server.http.client_address import AnyConnection
from tgl_server.http.request_context import context_of
from tgl_server.http.text_rules import is_storable
from tgl_server.services import services_of

_CHANGERS = (ProjectRole.OWNER, ProjectRole.MAINTAINER)
_OF_PROJECT = (PROJECT,)
_OF_REPO = (PROJECT, REPO)


class ProjectAccess(Struct, frozen=True):
    """A project that the caller may read, and their role in it; None for a commissioner without one."""

    id: ProjectId
    slug: str
    role: ProjectRole | None
    is_commissioner: bool

    @property
    def may_change(self) -> bool:
        return self.role in _CHANGERS

    @property
    def may_transfer(self) -> bool:
        """True for the owner and for commissioners: somebody must be able to when the owner has left."""
        return self.role is ProjectRole.OWNER or self.is_commissioner


class RepoAccess(Struct, frozen=True):
    """A repository that the caller may read, and their role in its project; None for a commissioner without one."""

    id: RepoId
    project_slug: str
    sync_method: SyncMethod
    role: ProjectRole | None

    @property
    def may_push(self) -> bool:
        """True for those who may push to it and change it."""
        return self.role in _CHANGERS


@admits_keys(Scope.READ_REPOS, Scope.SYNC_COMMITS, path=_OF_REPO)
async def may_read(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members of the project and commissioners; a key needs one of the scopes."""
    await _repo(connection)


@admits_keys(Scope.SYNC_COMMITS, refuses=(errors.Forbidden, errors.NotAPushRepository), path=_OF_REPO)
async def may_push(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The project's owner and its maintainers; a key needs `sync:commits`."""
    access = await _repo(connection)
    if not access.may_push:
        raise _only_maintainers(access.project_slug, access.role, "push to its repositories")
    if access.sync_method is not SyncMethod.PUSH_CLIENT:
        raise errors.NotAPushRepository


@admits_keys(Scope.SYNC_COMMITS, refuses=(errors.Forbidden,), path=_OF_REPO)
async def asks_for_pulls(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The project's owner and its maintainers; a key needs `sync:commits`, as a build asks after it has pushed."""
    access = await _repo(connection)
    if not access.may_push:
        raise _only_maintainers(access.project_slug, access.role, "ask for pulls of its repositories")


@admits_keys(Scope.READ_REPOS, path=_OF_REPO)
async def reads_commits(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members of the project and commissioners; a key needs `read:repos`."""
    await _repo(connection)


@admits_keys(Scope.READ_REPOS, Scope.SYNC_COMMITS, path=_OF_REPO)
async def sees_repo(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members and commissioners; a key needs `read:repos`, or `sync:commits` where its owner may push."""
    _check_listed(await authenticate(connection), may_push=(await _repo(connection)).may_push)


@admits_sessions(errors.Forbidden, path=_OF_REPO)
async def changes_repo(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The project's owner and its maintainers, signed in."""
    access = await _repo(connection)
    if not access.may_push:
        raise _only_maintainers(access.project_slug, access.role, "change its repositories")


@admits_keys(Scope.READ_REPOS, Scope.SYNC_COMMITS)
async def lists_projects(_: AnyConnection, __: BaseRouteHandler) -> None:
    """Anyone active; a key needs one of the scopes."""


@admits_keys(Scope.READ_REPOS, Scope.SYNC_COMMITS, path=_OF_PROJECT)
async def sees_project(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members and commissioners; a key needs `read:repos`, or `sync:commits` where its owner may push."""
    _check_listed(await authenticate(connection), may_push=(await _project(connection)).may_change)


@admits_keys(Scope.READ_REPOS)
async def hears_events(_: AnyConnection, __: BaseRouteHandler) -> None:
    """Anyone active; a key needs `read:repos`. The handler looks for the project, which its query names."""


@admits_keys(Scope.READ_REPOS, refuses=(errors.Forbidden,), path=_OF_PROJECT)
async def sees_members(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members and commissioners; a key needs `read:repos`, and none that is restricted to repositories shows people."""
    await _project(connection)
    if not (await authenticate(connection)).sees_people:
        raise errors.Forbidden("This API key is restricted to some repositories; it does not show members.")


@admits_sessions(path=_OF_PROJECT)
async def session_sees_project(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members and commissioners, signed in; the service decides what they may change."""
    await _project(connection)


@admits_sessions(errors.Forbidden, path=_OF_PROJECT)
async def changes_project(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The owner and the maintainers, signed in."""
    _check_changer(await _project(connection), "do this")


@admits_sessions(errors.Forbidden, path=_OF_PROJECT)
async def owns_project(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The owner, signed in."""
    if (await _project(connection)).role is not ProjectRole.OWNER:
        raise errors.Forbidden("Only the project's owner deletes it.")


@admits_keys(Scope.SYNC_COMMITS, refuses=(errors.Forbidden,), path=_OF_PROJECT)
async def registers_repos(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The owner and the maintainers; a key needs `sync:commits` and no restriction, so that `tgl init` can do it."""
    _check_changer(await _project(connection), "register repositories in it")
    if (await authenticate(connection)).repo_ids is not None:
        raise errors.Forbidden("This API key is restricted to some repositories; it does not register new ones.")


@admits_sessions(errors.Forbidden)
async def creates_projects(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Commissioners and players, signed in; spectators only look."""
    principal = await authenticate(connection)
    async with services_of(connection).database.statements() as statements:
        role = await statements.scalar(ROLE_OF_USER, {"user_id": principal.user_id})
    if role not in ("commissioner", "player"):
        raise errors.Forbidden("Spectators do not create projects; a commissioner can change your role.")


def _check_listed(principal: Principal, *, may_push: bool) -> None:
    """Raises for a key that only pushes, where its owner may not."""
    if not (may_push or principal.may_list_all):
        raise errors.InsufficientScope(
            f"This API key does not have the scope {Scope.READ_REPOS}; without it, it sees only what it may push to."
        )


def _check_changer(access: ProjectAccess, act: str) -> None:
    if not access.may_change:
        raise _only_maintainers(access.slug, access.role, act)


def _only_maintainers(slug: str, role: ProjectRole | None, act: str) -> errors.Forbidden:
    """The error for an act in a project that the caller only reads, and why they do."""
    part = f"is a {role} of the project {slug}" if role else f"sees the project {slug} as a commissioner"
    return errors.Forbidden(f"Your account {part}. Only its owner and its maintainers {act}.")


async def _project(connection: AnyConnection) -> ProjectAccess:
    principal = await authenticate(connection)
    access = await _find_project(connection, principal)
    if access is None:
        raise await no_such_project(services_of(connection).database, principal)
    context = context_of(connection.scope)
    context.leave(Resource("project", str(access.id)))
    context.leave(access)
    return access


async def _find_project(connection: AnyConnection, principal: Principal) -> ProjectAccess | None:
    return await find_project(services_of(connection).database, principal, connection.path_params["project"])


async def find_project(database: Database, principal: Principal, address_text: str) -> ProjectAccess | None:
    """The project with this id or slug, as a caller reaches it; None for one that they may not read."""
    project_id, slug = _id_or_name(address_text)
    address = {"project_id": project_id, "project_slug": slug, "user_id": principal.user_id}
    restriction = None if principal.repo_ids is None else list(principal.repo_ids)
    async with database.statements() as statements:
        found = await statements.execute(PROJECT_BY_ADDRESS, {**address, "repo_ids": restriction})
        row = found.mappings().one_or_none()
    role = _role(row, principal)
    if row is None or not (role or principal.is_commissioner) or not row["is_in_reach"]:
        return None
    return ProjectAccess(ProjectId(row["id"]), row["slug"], role, principal.is_commissioner)


async def _repo(connection: AnyConnection) -> RepoAccess:
    principal = await authenticate(connection)
    access = await _find_repo(connection, principal)
    if access is None or not principal.may_touch(access.id):
        raise await _repo_not_found(connection, principal)
    context = context_of(connection.scope)
    context.leave(Resource("repo", str(access.id)))
    context.leave(access)
    return access


async def _repo_not_found(connection: AnyConnection, principal: Principal) -> errors.NotFound:
    database = services_of(connection).database
    project = await _find_project(connection, principal)
    if project is None:
        return await no_such_project(database, principal)
    return await no_such_repo(database, principal, project.id, project.slug, may_push=project.may_change)


async def _find_repo(connection: AnyConnection, principal: Principal) -> RepoAccess | None:
    project_id, slug = _id_or_name(connection.path_params["project"])
    repo_id, name = _id_or_name(connection.path_params["repo"])
    address = {"project_id": project_id, "project_slug": slug, "repo_id": repo_id, "repo_name": name}
    async with services_of(connection).database.statements() as statements:
        found = await statements.execute(REPO_BY_ADDRESS, {**address, "user_id": principal.user_id})
        row = found.mappings().one_or_none()
    role = _role(row, principal)
    if row is None or not (role or principal.is_commissioner):
        return None
    return RepoAccess(RepoId(row["id"]), row["slug"], SyncMethod(row["sync_method"]), role)


def _role(row: RowMapping | None, principal: Principal) -> ProjectRole | None:
    if row is None:
        return None
    if row["owner_id"] == principal.user_id:
        return ProjectRole.OWNER
    return ProjectRole(MemberRole(row["member_role"])) if row["member_role"] else None


def _id_or_name(text: str) -> tuple[UUID | None, str | None]:
    """The id or the name in a path; no name can look like a UUID, so the two cannot be confused."""
    id_ = as_uuid(text)
    return id_, None if id_ or not is_storable(text) else text


def as_uuid(text: str) -> UUID | None:
    """The UUID in a text, in any of the usual spellings; None for a text that may be a slug or a name."""
    try:
        return UUID(text)
    except ValueError:
        return None
