"""The page of what was joined, for commissioners: undoing it, and a `.mailmap` that is looked at first."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.joining import Mailmap, MailmapDiff
from tgl_protocol.players import Decision, IdentitySource
from tgl_server.access.callers import commissioner
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.players import moving
from tgl_server.players.actions import PlayerAction
from tgl_server.players.importing import import_mailmap
from tgl_server.players.reading import last_joins
from tgl_server.settings import Settings
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]
Act = Callable[[AsyncSession, Form], Awaitable[Response[Any]]]

_JOINED: Final = "/administration/joined"
_KINDS: Final = {
    IdentitySource.CLAIM: "A claim that was approved",
    IdentitySource.MERGE: "Players that were merged",
    IdentitySource.MAILMAP: "A .mailmap",
}


@get(_JOINED, guards=[commissioner])
async def show_joined(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """What was joined lately, and the form for a `.mailmap`."""
    return await _show(request, principal, database, form_of_query(request))


@post(
    f"{_JOINED}/{{event_id:int}}/undo",
    guards=[commissioner],
    status_code=303,
    opt=audited_as(PlayerAction.PLAYER_SPLIT),
)
async def undo_joining(
    request: AnyRequest,
    event_id: FromPath[int],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Restore exactly what was before an event."""

    async def act(tx: AsyncSession, form: Form) -> Response[Any]:
        await moving.undo_event(tx, event_id, actor, reason=form.read(Decision).reason)
        return go_on(_JOINED, "joining-undone", secure=settings.is_secure)

    return await _submit(request, principal, database, act)


@post(f"{_JOINED}/mailmap", guards=[commissioner], status_code=200, opt=audited_as(PlayerAction.MAILMAP_APPLIED))
async def import_file(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Show what a `.mailmap` changes; sent again with that answer's digest, exactly that is applied."""

    async def act(tx: AsyncSession, form: Form) -> Response[Any]:
        diff = await import_mailmap(tx, form.read(Mailmap), actor)
        if diff.event is not None:
            return go_on(_JOINED, "mailmap-applied", secure=settings.is_secure)
        return await _show(request, principal, database, form, diff=diff)

    return await _submit(request, principal, database, act)


async def _show(
    request: AnyRequest,
    principal: Principal,
    database: Database,
    form: Form,
    status: int = 200,
    diff: MailmapDiff | None = None,
) -> Response[str]:
    async with database.statements() as connection:
        joins = await last_joins(connection, principal.user_id)
    return page(request, "joined.html", joins=joins, kinds=_KINDS, form=form, diff=diff, status=status)


async def _submit(request: AnyRequest, principal: Principal, database: Database, act: Act) -> Response[Any]:
    async def in_transaction(form: Form) -> Response[Any]:
        async with database.transaction() as tx:
            return await act(tx, form)

    return await submit(request, in_transaction, partial(_show, request, principal, database))


ROUTES = (show_joined, undo_joining, import_file)
