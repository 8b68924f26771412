"""Making an endpoint, changing and deleting it, and another secret. A secret is in the one answer that makes it."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from tgl_protocol.endpoints import EndpointChange, EndpointSecret, NewEndpoint, Url
from tgl_protocol.events import EventType
from tgl_protocol.problem import FieldError
from tgl_server.access.guards import changes_project
from tgl_server.access.refusals import audited_as
from tgl_server.endpoints import service
from tgl_server.endpoints.actions import EndpointAction
from tgl_server.endpoints.background import post_policy
from tgl_server.errors import Conflict, InvalidBody
from tgl_server.sealing.sealer import Sealer
from tgl_server.web.endpoints.words import EVENTS
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.policy import SECRET_HEADERS
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.submitting import submit

ENDPOINTS: Final = "/projects/{project:str}/endpoints"
ENDPOINT: Final = f"{ENDPOINTS}/{{endpoint_id:uuid}}"

OVERLAPS: Final = (
    ("0", "Not at all", "the new secret alone signs from now on"),
    ("60", "1 hour", ""),
    ("1440", "1 day", ""),
    ("10080", "7 days", ""),
)
_WHICH: Final = (
    ("all", "Everything", "also what later versions will tell"),
    ("some", "What is ticked here", ""),
)
_TYPES: Final = tuple((str(type_), words, str(type_)) for type_, words in EVENTS.items())


class _Wish(Struct, frozen=True):
    """The form of an endpoint; `types` count where `which` is `some`."""

    url: Url
    which: Literal["all", "some"]
    types: list[EventType] = []

    def wanted_types(self) -> list[EventType] | None:
        """The types to send, None for all; raises `InvalidBody` if none is."""
        if self.which == "all":
            return None
        if not self.types:
            raise InvalidBody(errors=[FieldError("Tick at least one", field="types")])
        return self.types


class _Once(Struct, frozen=True):
    once: UUID


class _Rotation(Struct, frozen=True):
    overlap: Literal["0", "60", "1440", "10080"]
    rotated: str


@get(f"{ENDPOINTS}/new", guards=[changes_project])
async def show_new_endpoint(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The form for an endpoint."""
    form = form_of_query(project_view.request)
    form.fields.setdefault("which", ["all"])
    return await _show_new_endpoint(project_view, form)


@post(f"{ENDPOINTS}/new", guards=[changes_project], status_code=201, opt=audited_as(EndpointAction.ENDPOINT_CREATED))
async def make_endpoint(project_view: NamedDependency[ProjectView], sealer: NamedDependency[Sealer]) -> Response[Any]:
    """Make an endpoint, and show its secret in this answer and never again; sent again, it makes no second one."""

    async def make(form: Form) -> Response[Any]:
        wish, id_ = form.read(_Wish), form.read(_Once).once
        new = NewEndpoint(url=wish.url, types=wish.wanted_types())
        policy, project_id = post_policy(project_view.settings), project_view.access.id
        async with project_view.database.transaction(project_id) as tx:
            made = await service.create_endpoint(tx, sealer, policy, project_id, new, project_view.actor, id_)
        return await _show_made(project_view, made)

    return await submit(project_view.request, make, partial(_show_new_endpoint, project_view))


@get(f"{ENDPOINT}/edit", guards=[changes_project])
async def show_editing(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The form of an endpoint, filled in with what it is."""
    return await _show_editing(project_view, endpoint_id, form_of_query(project_view.request))


@post(f"{ENDPOINT}/edit", guards=[changes_project], status_code=303, opt=audited_as(EndpointAction.ENDPOINT_CHANGED))
async def edit_endpoint(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Change where an endpoint is, or what it is sent."""

    async def edit(form: Form) -> Response[Any]:
        wish = form.read(_Wish)
        change = EndpointChange(url=wish.url, types=wish.wanted_types())
        policy, project_id = post_policy(project_view.settings), project_view.access.id
        async with project_view.database.transaction(project_id) as tx:
            await service.change_endpoint(tx, policy, project_id, endpoint_id, change, project_view.actor)
        return project_view.go_on(f"{project_view.path}/endpoints/{endpoint_id}", "endpoint-changed", "")

    return await submit(project_view.request, edit, partial(_show_editing, project_view, endpoint_id))


@get(f"{ENDPOINT}/rotate", guards=[changes_project])
async def show_rotating(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The question how long the old secret signs beside the new one."""
    form = form_of_query(project_view.request)
    form.fields.setdefault("overlap", ["1440"])
    return await _show_rotating(project_view, endpoint_id, form)


@post(f"{ENDPOINT}/rotate", guards=[changes_project], status_code=201, opt=audited_as(EndpointAction.ENDPOINT_ROTATED))
async def rotate_endpoint(
    endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView], sealer: NamedDependency[Sealer]
) -> Response[Any]:
    """Give an endpoint another secret; sent again, as by a reload, it leaves the one that was shown."""

    async def rotate(form: Form) -> Response[Any]:
        wanted, project_id, by = form.read(_Rotation), project_view.access.id, project_view.actor
        overlap = timedelta(minutes=int(wanted.overlap))
        async with project_view.database.transaction(project_id) as tx:
            endpoint = await service.get_endpoint(tx, project_id, endpoint_id)
            if wanted.rotated != _rotated(endpoint.rotated_at):
                raise Conflict("The secret was changed meanwhile, and shown once. If it was not kept, change it again.")
            made = await service.rotate_endpoint(tx, sealer, project_id, endpoint_id, overlap, by)
        return await _show_made(project_view, made, replaces=True)

    return await submit(project_view.request, rotate, partial(_show_rotating, project_view, endpoint_id))


@get(f"{ENDPOINT}/delete", guards=[changes_project])
async def show_deletion(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The question whether an endpoint is to go, with what still waits for it."""
    return await _show_one(project_view, "delete", endpoint_id, form_of_query(project_view.request))


@post(f"{ENDPOINT}/delete", guards=[changes_project], status_code=303, opt=audited_as(EndpointAction.ENDPOINT_DELETED))
async def delete_endpoint(endpoint_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Delete an endpoint with what is kept of its deliveries."""

    async def delete(_: Form) -> Response[Any]:
        async with project_view.database.transaction(project_view.access.id) as tx:
            await service.delete_endpoint(tx, project_view.access.id, endpoint_id, project_view.actor)
        return project_view.go_on(f"{project_view.path}/endpoints", "endpoint-deleted", "")

    return await submit(project_view.request, delete, partial(_show_one, project_view, "delete", endpoint_id))


async def _show_made(project_view: ProjectView, made: EndpointSecret, *, replaces: bool = False) -> Response[str]:
    return await project_view.show(
        "endpoints/made.html", status=201, headers=SECRET_HEADERS, made=made, replaces=replaces
    )


async def _show_new_endpoint(project_view: ProjectView, form: Form, status: int = 200) -> Response[str]:
    form.fields["once"] = [str(uuid4())]
    is_sealed = bool(project_view.settings.secrets_keys)
    return await project_view.show(
        "endpoints/new.html", status=status, form=form, which=_WHICH, types=_TYPES, is_sealed=is_sealed
    )


async def _show_editing(project_view: ProjectView, endpoint_id: UUID, form: Form, status: int = 200) -> Response[str]:
    async with project_view.database.statements() as connection:
        endpoint = await service.get_endpoint(connection, project_view.access.id, endpoint_id)
    if not form.fields.keys() & {"url", "which"}:
        form.fields["url"] = [endpoint.url]
        form.fields["which"] = ["all" if endpoint.types is None else "some"]
        form.fields["types"] = [str(type_) for type_ in endpoint.types or []]
    return await project_view.show(
        "endpoints/edit.html", status=status, form=form, endpoint=endpoint, which=_WHICH, types=_TYPES
    )


async def _show_rotating(project_view: ProjectView, endpoint_id: UUID, form: Form, status: int = 200) -> Response[str]:
    async with project_view.database.statements() as connection:
        endpoint = await service.get_endpoint(connection, project_view.access.id, endpoint_id)
    form.fields["rotated"] = [_rotated(endpoint.rotated_at)]
    return await project_view.show(
        "endpoints/rotate.html", status=status, form=form, endpoint=endpoint, overlaps=OVERLAPS
    )


async def _show_one(
    project_view: ProjectView, template: str, endpoint_id: UUID, form: Form, status: int = 200
) -> Response[str]:
    async with project_view.database.statements() as connection:
        endpoint = await service.get_endpoint(connection, project_view.access.id, endpoint_id)
    return await project_view.show(f"endpoints/{template}.html", status=status, form=form, endpoint=endpoint)


def _rotated(at: datetime | None) -> str:
    """Which secret a form was shown beside: the time since when there is this one."""
    return at.isoformat() if at else "never"


ROUTES = (
    show_new_endpoint,
    make_endpoint,
    show_editing,
    edit_endpoint,
    show_rotating,
    rotate_endpoint,
    show_deletion,
    delete_endpoint,
)
