"""The one way through a submitted form: act on it and go on, or show it again with what was typed and what is wrong.

A page with a form has two handlers for one address. `GET` shows the form; `POST` submits it with the same function:

    async def _show(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
        return page(request, "new_project.html", form=form, status=status)

    @get("/projects/new", guards=[creates_projects])
    async def show_new_project(request: AnyRequest) -> Response[str]:
        return await _show(request, form_of_query(request))

    @post("/projects/new", guards=[creates_projects], status_code=303, opt=audited_as(ProjectAction.PROJECT_CREATED))
    async def make_project(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
        async def make(form: Form) -> Response[Any]:
            new = form.read(NewProject)
            async with database.transaction() as tx:
                await service.create_project(tx, new)
            return go_on(f"/projects/{new.slug}", "project-made", new.name)

        return await submit(request, make, partial(_show, request), {errors.Conflict: "slug"})

The template shows `faults(form)` of `forms.html` above the form and each field with a macro of it. Every form's route
declares `audited_as(...)`, so that refusals are in the audit log, which a test demands.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from litestar import Request, Response

from tgl_server import errors
from tgl_server.access.refusals import record_refusal
from tgl_server.http.feature import features_of
from tgl_server.http.problems import as_api_error
from tgl_server.web.forms import Form, read_form

AnyRequest = Request[Any, Any, Any]


async def submit(
    request: AnyRequest,
    act: Callable[[Form], Awaitable[Response[Any]]],
    show: Callable[[Form, int], Awaitable[Response[Any]]],
    about: Mapping[type[errors.ApiError], str | None] | None = None,
) -> Response[Any]:
    """Call `act` with the submitted form; if it refuses, record that, and `show` the form with its faults and a status.

    Shown are `Invalid`, `Conflict`, and whatever else `about` names. It maps a kind of refusal to the field that this
    is about, or to None for the form as a whole. Any other refusal becomes a page of its own.
    """
    fields: dict[type[errors.ApiError], str | None] = dict(about or {})
    fields.setdefault(errors.Conflict, None)
    shown: tuple[type[errors.ApiError], ...] = (errors.Invalid, *fields)
    form = await read_form(request)
    try:
        form.check_storable()
        with refusals(request):
            return await act(form)
    except shown as refusal:
        await record_refusal(refusal, request.scope)
        form.refuse(refusal, next((field for kind, field in fields.items() if isinstance(refusal, kind)), None))
        return await show(form, refusal.status)


@contextmanager
def refusals(request: AnyRequest) -> Iterator[None]:
    """Turns what a use case raises into the refusal that it means, such as a name that is taken."""
    try:
        yield
    except errors.ApiError:
        raise
    except Exception as error:
        refusal = as_api_error(error, features_of(request.app).constraints, request)
        if refusal is None:
            raise
        raise refusal from error
