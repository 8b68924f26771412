"""The pages `/` and `/find`, over all repositories that the viewer sees."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.explain.anywhere import find_anywhere
from tgl_server.http.own_origin import own_origin
from tgl_server.settings import Settings
from tgl_server.web.filters import Filters
from tgl_server.web.forms import form_of_query
from tgl_server.web.leagues.verdicts import verdicts_on
from tgl_server.web.overview.service import ORDERS, TILES, read_overview, wish_of
from tgl_server.web.rendering import page


@get("/")
async def overview(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """All repositories that the viewer sees."""
    wish = wish_of(Filters(request))
    async with database.statements() as connection:
        found = await read_overview(connection, principal, wish, settings.run_timeout)
    return page(
        request,
        "overview.html",
        overview=found,
        wish=wish,
        tiles=TILES,
        orders=ORDERS,
        server=own_origin(request, settings),
    )


@get("/find")
async def find_commit(
    request: Request[Any, Any, Any], principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """Where a commit is among all repositories that the viewer sees."""
    form, found, scored = form_of_query(request), None, []
    if form.text("sha"):
        try:
            async with database.statements() as connection:
                found = await find_anywhere(connection, principal, form.text("sha"))
                scored = await verdicts_on(connection, principal, found.found)
        except errors.InvalidParameter as refusal:
            form.faults["sha"] = refusal.detail
    status = 422 if form.faults else 200
    return page(request, "find.html", form=form, found=found, scored=scored, status=status)


ROUTES = (overview, find_commit)
