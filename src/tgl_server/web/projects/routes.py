"""The pages `/projects`, `/projects/new`, and a project's own: `/projects/{slug}` with its repositories."""

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from tgl_protocol.projects import NewProject
from tgl_server import errors
from tgl_server.access.guards import creates_projects, sees_project
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.projects import reading, service
from tgl_server.projects.actions import ProjectAction
from tgl_server.settings import Settings
from tgl_server.web.filters import Filters
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.overview.service import ORDERS, read_overview, read_projects, wish_of
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_PAGE_SIZE = 100


@get("/projects")
async def list_projects(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """The projects that the viewer sees."""
    async with database.statements() as connection:
        cursor = Filters(request).cursor
        found = await reading.list_projects(connection, principal, limit=_PAGE_SIZE, cursor=cursor)
        standings = await read_projects(connection, principal, settings.run_timeout)
    return page(request, "projects.html", projects=found, standings=standings)


@get("/projects/new", guards=[creates_projects])
async def show_new_project(request: AnyRequest) -> Response[str]:
    """The form for a project."""
    return await _show_new_project(request, form_of_query(request))


@post("/projects/new", guards=[creates_projects], status_code=303, opt=audited_as(ProjectAction.PROJECT_CREATED))
async def make_project(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Make a project, which the viewer then owns."""

    async def make(form: Form) -> Response[Any]:
        new = form.read(NewProject)
        async with database.transaction() as tx:
            await service.create_project(tx, principal.user_id, new.slug, new.name, new.description, actor)
        return go_on(f"/projects/{new.slug}", "project-made", new.name, secure=settings.is_secure)

    return await submit(request, make, partial(_show_new_project, request), {errors.Conflict: "slug"})


async def _show_new_project(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    return page(request, "new_project.html", form=form, status=status)


@get("/projects/{project:str}", guards=[sees_project])
async def show_project(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """A project with its repositories, as on the overview."""
    wish, timeout = wish_of(Filters(project_view.request)), project_view.settings.run_timeout
    async with project_view.database.statements() as connection:
        found = await read_overview(connection, project_view.principal, wish, timeout, project_view.access.id)
    return await project_view.show("project.html", overview=found, wish=wish, orders=ORDERS)


ROUTES = (list_projects, show_new_project, make_project, show_project)
