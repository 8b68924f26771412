"""The page `/settings/addresses`: the viewer's addresses of commits, claims to others, and how others see them."""

from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from tgl_protocol.players import MAX_SHOWN_NAME, NewClaim, OwnPlayerChange, Visibility
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.players import changing, claims
from tgl_server.players.actions import PlayerAction
from tgl_server.players.reading import own_player
from tgl_server.settings import Settings
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_ADDRESSES: Final = "/settings/addresses"
_VISIBILITIES: Final = {
    Visibility.SHOWN: "Everybody sees my name and my addresses",
    Visibility.PSEUDONYM: "Others see the pseudonym below, and no address",
    Visibility.HIDDEN: "Others see neither name nor address, and me in no ranking",
}


class _SeenForm(Struct, frozen=True):
    """The form of how one is seen."""

    visibility: Visibility
    shown_name: Annotated[str, Meta(max_length=MAX_SHOWN_NAME)] = ""


@get(_ADDRESSES)
async def show_addresses(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """The viewer's addresses and claims."""
    return await _show(request, principal, database, form_of_query(request))


async def _show(
    request: AnyRequest, principal: Principal, database: Database, form: Form, status: int = 200
) -> Response[str]:
    async with database.transaction() as tx:
        own = await own_player(tx, principal.user_id)
    form.fields.setdefault("visibility", [own.visibility])
    form.fields.setdefault("shown_name", [own.shown_name or ""])
    return page(request, "addresses.html", own=own, form=form, visibilities=_VISIBILITIES, status=status)


@post(_ADDRESSES, status_code=303, opt=audited_as(PlayerAction.CLAIM_FILED))
async def claim_address(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Say that an address is the viewer's."""

    async def claim(form: Form) -> Response[Any]:
        wish = form.read(NewClaim)
        async with database.transaction() as tx:
            await claims.file_claim(tx, principal.user_id, wish, actor)
        return go_on(_ADDRESSES, "claim-filed", wish.email, secure=settings.is_secure)

    return await submit(request, claim, partial(_show, request, principal, database))


@post(f"{_ADDRESSES}/seen", status_code=303, opt=audited_as(PlayerAction.PLAYER_CHANGED))
async def choose_visibility(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Choose how others see the viewer."""

    async def choose(form: Form) -> Response[Any]:
        wish = form.read(_SeenForm)
        change = OwnPlayerChange(visibility=wish.visibility, shown_name=wish.shown_name)
        async with database.transaction() as tx:
            await changing.change_own(tx, principal.user_id, change, actor)
        return go_on(_ADDRESSES, "visibility-chosen", secure=settings.is_secure)

    return await submit(request, choose, partial(_show, request, principal, database))


@post(f"{_ADDRESSES}/{{claim_id:uuid}}/withdraw", status_code=303, opt=audited_as(PlayerAction.CLAIM_WITHDRAWN))
async def withdraw_claim(
    claim_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Take back a claim that is waiting."""
    async with database.transaction() as tx:
        await claims.withdraw(tx, claim_id, principal.user_id, actor)
    return go_on(_ADDRESSES, "claim-withdrawn", secure=settings.is_secure)


ROUTES = (show_addresses, claim_address, choose_visibility, withdraw_claim)
