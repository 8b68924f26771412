"""The page of claims to addresses, and of players that look like one person, for commissioners."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.joining import Dismissal
from tgl_protocol.players import MAX_REASON, ClaimState, Decision
from tgl_server.access.callers import commissioner
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.players import claims, moving
from tgl_server.players.actions import PlayerAction
from tgl_server.players.reading import list_claims
from tgl_server.players.suggestions import dismiss, list_dismissed, list_suggestions, take_back
from tgl_server.settings import Settings
from tgl_server.web.filters import Filters
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_CLAIMS: Final = "/administration/claims"
_SHOWN = 100
_DISMISSED_SHOWN = 20


class _MergeForm(Struct, frozen=True):
    """The form that joins the players of a suggestion: the first takes the identities of the others."""

    player: UUID
    others: Annotated[list[UUID], Meta(min_length=1, max_length=50)]
    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]


@get(_CLAIMS, guards=[commissioner])
async def show_claims(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """The claims that wait, and suggestions."""
    return await _show(request, principal, database, form_of_query(request))


async def _show(
    request: AnyRequest, principal: Principal, database: Database, form: Form, status: int = 200
) -> Response[str]:
    asked = Filters(request)
    async with database.statements() as connection:
        waiting = await list_claims(connection, principal.user_id, state=ClaimState.WAITING, limit=_SHOWN)
        suggested = await list_suggestions(connection, principal.user_id)
        dismissed = await list_dismissed(connection, principal.user_id, limit=_DISMISSED_SHOWN, cursor=asked.cursor)
    return page(
        request,
        "claims.html",
        claims=waiting,
        suggestions=suggested,
        dismissed=dismissed,
        form=form,
        status=status,
    )


@post(
    f"{_CLAIMS}/{{claim_id:uuid}}/approve",
    guards=[commissioner],
    status_code=303,
    opt=audited_as(PlayerAction.CLAIM_APPROVED),
)
async def approve_claim(
    request: AnyRequest,
    claim_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Give the claimant what they claim."""

    async def act(tx: AsyncSession, form: Form) -> Response[Any]:
        await claims.approve(tx, claim_id, form.read(Decision).reason, actor)
        return go_on(_CLAIMS, "claim-approved", secure=settings.is_secure)

    return await _submit(request, principal, database, act)


@post(
    f"{_CLAIMS}/{{claim_id:uuid}}/refuse",
    guards=[commissioner],
    status_code=303,
    opt=audited_as(PlayerAction.CLAIM_REFUSED),
)
async def refuse_claim(
    request: AnyRequest,
    claim_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Leave it as it is, with a reason."""

    async def act(tx: AsyncSession, form: Form) -> Response[Any]:
        await claims.refuse(tx, claim_id, form.read(Decision).reason, actor)
        return go_on(_CLAIMS, "claim-refused", secure=settings.is_secure)

    return await _submit(request, principal, database, act)


@post(f"{_CLAIMS}/merge", guards=[commissioner], status_code=303, opt=audited_as(PlayerAction.PLAYERS_MERGED))
async def merge_players(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Join the players of a suggestion."""

    async def act(tx: AsyncSession, form: Form) -> Response[Any]:
        wish = form.read(_MergeForm)
        await moving.merge(tx, wish.player, wish.others, actor, reason=wish.reason)
        return go_on(_CLAIMS, "players-merged", secure=settings.is_secure)

    return await _submit(request, principal, database, act)


@post(f"{_CLAIMS}/dismiss", guards=[commissioner], status_code=303, opt=audited_as(PlayerAction.SUGGESTION_DISMISSED))
async def dismiss_suggestion(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Suggest players who are several people no more."""

    async def act(tx: AsyncSession, form: Form) -> Response[Any]:
        wish = form.read(_MergeForm)
        await dismiss(tx, Dismissal(players=[wish.player, *wish.others], reason=wish.reason), actor)
        return go_on(_CLAIMS, "suggestion-dismissed", secure=settings.is_secure)

    return await _submit(request, principal, database, act)


@post(
    f"{_CLAIMS}/dismissed/{{dismissal_id:uuid}}/take-back",
    guards=[commissioner],
    status_code=303,
    opt=audited_as(PlayerAction.SUGGESTION_TAKEN_BACK),
)
async def take_back_dismissal(
    request: AnyRequest,
    dismissal_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Let players be suggested again of whom somebody said that they are several people."""

    async def act(tx: AsyncSession, _: Form) -> Response[Any]:
        await take_back(tx, dismissal_id, actor)
        return go_on(_CLAIMS, "suggestion-taken-back", secure=settings.is_secure)

    return await _submit(request, principal, database, act)


async def _submit(
    request: AnyRequest,
    principal: Principal,
    database: Database,
    act: Callable[[AsyncSession, Form], Awaitable[Response[Any]]],
) -> Response[Any]:
    async def in_transaction(form: Form) -> Response[Any]:
        async with database.transaction() as tx:
            return await act(tx, form)

    return await submit(request, in_transaction, partial(_show, request, principal, database))


ROUTES = (show_claims, approve_claim, refuse_claim, merge_players, dismiss_suggestion, take_back_dismissal)
