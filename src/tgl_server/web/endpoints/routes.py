"""The pages `.../endpoints` and `.../endpoints/{endpoint_id}` of a project, and the buttons of the latter."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.endpoints import MAX_ENDPOINTS, EndpointChange
from tgl_server.access.guards import changes_project
from tgl_server.access.refusals import audited_as
from tgl_server.endpoints import service
from tgl_server.endpoints.actions import EndpointAction
from tgl_server.endpoints.background import post_policy
from tgl_server.web.endpoints import making
from tgl_server.web.endpoints.making import ENDPOINT, ENDPOINTS
from tgl_server.web.endpoints.words import STATES, event_words
from tgl_server.web.filters import Filters
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.submitting import submit

_PAGE_SIZE: Final = 50
_AGAIN: Final = f"{ENDPOINT}/deliveries/{{delivery_id:uuid}}/send-again"

Act = Callable[[AsyncSession], Awaitable[object]]


@get(ENDPOINTS, guards=[changes_project])
async def show_endpoints(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The endpoints of a project, each with the last answer and what waits."""
    async with project_view.database.statements() as connection:
        found = await service.list_endpoints(connection, project_view.access.id)
    return await project_view.show("endpoints/list.html", endpoints=found.items, most=MAX_ENDPOINTS)


@get(ENDPOINT, guards=[changes_project])
async def show_endpoint(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[str]:
    """An endpoint: what it is sent, what was sent, and what was answered."""
    return await _show_endpoint(project_view, endpoint_id, form_of_query(project_view.request))


@get(
    [f"{ENDPOINT}/pause", f"{ENDPOINT}/resume", f"{ENDPOINT}/test", _AGAIN],
    guards=[changes_project],
    sync_to_thread=False,
)
def show_buttons(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """The page with the buttons, for who comes back from signing in again."""
    return Redirect(f"{project_view.path}/endpoints/{endpoint_id}?restored=1", status_code=303)


@post(
    [f"{ENDPOINT}/pause", f"{ENDPOINT}/resume"],
    guards=[changes_project],
    status_code=303,
    opt=audited_as(EndpointAction.ENDPOINT_CHANGED),
)
async def switch_endpoint(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Send nothing to an endpoint, and give up what waits; or send what happens from now on."""
    resumes = project_view.request.scope["path"].endswith("/resume")
    policy, project_id, by = post_policy(project_view.settings), project_view.access.id, project_view.actor
    wanted = EndpointChange(is_active=resumes)
    return await _press(
        project_view,
        endpoint_id,
        lambda tx: service.change_endpoint(tx, policy, project_id, endpoint_id, wanted, by),
        "endpoint-resumed" if resumes else "endpoint-paused",
    )


@post(f"{ENDPOINT}/test", guards=[changes_project], status_code=303, opt=audited_as(EndpointAction.ENDPOINT_TESTED))
async def send_test(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Send a message of the type `test`; its delivery shows the answer."""
    project_id, by = project_view.access.id, project_view.actor
    return await _press(
        project_view,
        endpoint_id,
        lambda tx: service.send_test(tx, project_id, endpoint_id, by),
        "endpoint-tested",
    )


@post(_AGAIN, guards=[changes_project], status_code=303, opt=audited_as(EndpointAction.ENDPOINT_REDELIVERED))
async def send_again(
    endpoint_id: FromPath[UUID], delivery_id: FromPath[UUID], project_view: NamedDependency[ProjectView]
) -> Response[Any]:
    """Send a message once more, with the same id."""
    project_id, by = project_view.access.id, project_view.actor
    return await _press(
        project_view,
        endpoint_id,
        lambda tx: service.send_again(tx, project_id, endpoint_id, delivery_id, by),
        "delivery-repeated",
    )


async def _press(project_view: ProjectView, endpoint_id: UUID, act: Act, code: str) -> Response[Any]:
    async def press(_: Form) -> Response[Any]:
        async with project_view.database.transaction(project_view.access.id) as tx:
            await act(tx)
        return project_view.go_on(f"{project_view.path}/endpoints/{endpoint_id}", code, "")

    return await submit(project_view.request, press, partial(_show_endpoint, project_view, endpoint_id))


async def _show_endpoint(project_view: ProjectView, endpoint_id: UUID, form: Form, status: int = 200) -> Response[str]:
    asked, project_id = Filters(project_view.request), project_view.access.id
    async with project_view.database.statements() as connection:
        endpoint = await service.get_endpoint(connection, project_id, endpoint_id)
        deliveries = await service.list_deliveries(
            connection, project_id, endpoint_id, limit=_PAGE_SIZE, cursor=asked.cursor
        )
    return await project_view.show(
        "endpoints/endpoint.html",
        status=status,
        form=form,
        endpoint=endpoint,
        deliveries=deliveries,
        states=STATES,
        event_words=event_words,
    )


ROUTES = (
    show_endpoints,
    show_endpoint,
    show_buttons,
    switch_endpoint,
    send_test,
    send_again,
    *making.ROUTES,
)
