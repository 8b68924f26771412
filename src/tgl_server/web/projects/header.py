"""What stands above every page of a project: its name, its owner, and what the viewer may do in it."""

from typing import Any

from litestar import Request, Response
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.projects import ProjectInfo
from tgl_server import errors
from tgl_server.access.guards import ProjectAccess
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.projects import reading
from tgl_server.settings import Settings
from tgl_server.web.flash import go_on
from tgl_server.web.projects.queries import OWNER
from tgl_server.web.rendering import page


class ProjectHeader(Struct, frozen=True, kw_only=True):
    """A project as its pages show it; `people` counts the owner too."""

    info: ProjectInfo
    access: ProjectAccess
    owner_email: str
    owner_is_active: bool
    people: int


async def read_header(connection: AsyncConnection, principal: Principal, access: ProjectAccess) -> ProjectHeader:
    """The header of a project that a guard has admitted the viewer to; two statements."""
    info = await reading.get_project(connection, principal, access.id)
    owner = (await connection.execute(OWNER, {"project_id": access.id})).mappings().one_or_none()
    if owner is None:
        raise errors.NotFound("The project was deleted meanwhile.")
    return ProjectHeader(
        info=info,
        access=access,
        owner_email=owner["email"],
        owner_is_active=owner["is_active"],
        people=owner["members"] + 1,
    )


class ProjectView(Struct, frozen=True, kw_only=True):
    """A request for a page of a project that a guard has admitted the viewer to."""

    request: Request[Any, Any, Any]
    access: ProjectAccess
    principal: Principal
    actor: Actor
    database: Database
    settings: Settings

    @property
    def path(self) -> str:
        """The path of the project's pages, by its id or slug as it was asked for."""
        return f"/projects/{self.request.path_params['project']}"

    async def info(self) -> ProjectInfo:
        """The project as it is stored now; one statement."""
        async with self.database.statements() as connection:
            return await reading.get_project(connection, self.principal, self.access.id)

    async def show(self, template: str, *, status: int = 200, **values: Any) -> Response[str]:
        """A page, below the header of the project."""
        async with self.database.statements() as connection:
            header = await read_header(connection, self.principal, self.access)
        return page(self.request, template, status=status, project=header, **values)

    def go_on(self, path: str, code: str, name: str) -> Response[Any]:
        """Another page, which says what was done."""
        return go_on(path, code, name, secure=self.settings.is_secure)


async def provide_project_view(
    request: Request[Any, Any, Any],
    target_project: NamedDependency[ProjectAccess],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> ProjectView:
    """What the handlers of a project's pages share."""
    return ProjectView(
        request=request,
        access=target_project,
        principal=principal,
        actor=actor,
        database=database,
        settings=settings,
    )
