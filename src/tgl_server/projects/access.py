"""What a caller may do with a repository, as guards that leave the repository with the request.

What one may not see answers 404; what one may see but not do answers 403.
"""

from typing import Any, cast
from uuid import UUID

from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from tgl_server import errors
from tgl_server.auth.guards import authenticate
from tgl_server.auth.principal import Principal, Scope
from tgl_server.db.engine import Database
from tgl_server.origin import AnyConnection
from tgl_server.projects.models import MemberRole, RepoId, SyncMethod
from tgl_server.projects.queries import REPO_BY_ADDRESS


class RepoAccess(Struct, frozen=True):
    """A repository that the caller may read, and whether they may push to it."""

    id: RepoId
    sync_method: SyncMethod
    may_push: bool


async def may_read(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Members of the project and commissioners; a key needs one of the scopes."""
    await _access(connection, {Scope.READ_REPOS, Scope.SYNC_COMMITS})


async def may_push(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """The project's owner and its maintainers; a key needs `sync:commits`."""
    access = await _access(connection, {Scope.SYNC_COMMITS})
    if not access.may_push:
        raise errors.Forbidden("Only the project's owner and its maintainers push to its repositories.")
    if access.sync_method is not SyncMethod.PUSH_CLIENT:
        raise errors.NotAPushRepository


async def provide_target(request: Any) -> RepoAccess:
    """The repository that the guard admitted."""
    return cast("RepoAccess", request.scope["state"]["target"])


async def provide_principal(request: Any) -> Principal:
    """The caller that the guard admitted."""
    return cast("Principal", request.scope["state"]["principal"])


async def _access(connection: AnyConnection, scopes: set[Scope]) -> RepoAccess:
    principal = await authenticate(connection)
    if not scopes & principal.scopes:
        raise errors.InsufficientScope(f"This API key lacks the scope {' or '.join(sorted(scopes))}.")
    access = await _find(connection, principal)
    if access is None or not principal.may_touch(access.id):
        raise errors.NotFound("There is no such repository, or you may not see it.")
    connection.scope["state"]["target"] = access
    return access


async def _find(connection: AnyConnection, principal: Principal) -> RepoAccess | None:
    project_id, slug = _id_or_name(connection.path_params["project"])
    repo_id, name = _id_or_name(connection.path_params["repo"])
    address = {"project_id": project_id, "project_slug": slug, "repo_id": repo_id, "repo_name": name}
    database: Database = connection.app.state.database
    async with database.statements() as statements:
        found = await statements.execute(REPO_BY_ADDRESS, {**address, "user_id": principal.user_id})
        row = found.one_or_none()
    if row is None:
        return None
    owns = row.owner_id == principal.user_id
    if not (owns or principal.is_commissioner or row.member_role):
        return None
    return RepoAccess(RepoId(row.id), SyncMethod(row.sync_method), owns or row.member_role == MemberRole.MAINTAINER)


def _id_or_name(text: str) -> tuple[UUID | None, str | None]:
    """A name that looks like a UUID cannot be chosen, so there is no doubt."""
    try:
        return UUID(text), None
    except ValueError:
        return None, None if "\x00" in text else text
