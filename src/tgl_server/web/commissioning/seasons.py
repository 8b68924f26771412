"""The page of a season: opening and closing it, strikes, seals, and amendments of a closed one."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.league_changes import MAX_WHY, NewStrike
from tgl_protocol.seals import Amendment, AmendmentWish
from tgl_server.access.callers import commissioner
from tgl_server.access.refusals import audited_as
from tgl_server.errors import NotFound
from tgl_server.leagues import reading, seasons, strikes
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.amending import amend_season
from tgl_server.leagues.chain import list_seals
from tgl_server.leagues.models import Season
from tgl_server.leagues.paths import Number, Slug
from tgl_server.web.commissioning.view import SEASON, Desk, read_league
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

_Shas = Annotated[str, Meta(max_length=10_000)]


class _AmendmentForm(Struct, frozen=True):
    """An amendment: shas with spaces or line breaks between them."""

    reason: Annotated[str, Meta(min_length=1, max_length=MAX_WHY)]
    strike: _Shas = ""
    take_back: _Shas = ""
    confirm: Annotated[str, Meta(max_length=64)] = ""


class _Sha(Struct, frozen=True):
    """A commit whose strike is taken back."""

    sha: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]


@get(SEASON, guards=[commissioner])
async def show_season(desk: NamedDependency[Desk], league: Slug, number: Number) -> Response[str]:
    """A season, and what may be done with it now."""
    return await _show(desk, league, number, form_of_query(desk.request))


@post(f"{SEASON}/open", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.SEASON_OPENED))
async def open_season(desk: NamedDependency[Desk], league: Slug, number: Number) -> Response[Any]:
    """Open a planned season."""

    async def act(tx: AsyncSession, season: Season, _: Form) -> str:
        await seasons.open_season(tx, season.id, desk.actor)
        return "season-opened"

    return await _submit(desk, league, number, act)


@post(f"{SEASON}/close", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.SEASON_CLOSED))
async def close_season(desk: NamedDependency[Desk], league: Slug, number: Number) -> Response[Any]:
    """Close a season for good."""

    async def act(tx: AsyncSession, season: Season, _: Form) -> str:
        await seasons.close_season(tx, season.id, desk.actor)
        return "season-closed"

    return await _submit(desk, league, number, act)


@post(f"{SEASON}/strikes", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.CHANGE_STRUCK))
async def strike_change(desk: NamedDependency[Desk], league: Slug, number: Number) -> Response[Any]:
    """Strike a change, with all its copies."""

    async def act(tx: AsyncSession, season: Season, form: Form) -> str:
        new = form.read(NewStrike)
        await strikes.strike(tx, season, bytes.fromhex(new.sha), new.reason, desk.actor)
        return "change-struck"

    return await _submit(desk, league, number, act)


@post(
    f"{SEASON}/strikes/delete", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.STRIKE_TAKEN_BACK)
)
async def take_back_strike(desk: NamedDependency[Desk], league: Slug, number: Number) -> Response[Any]:
    """Take a strike back."""

    async def act(tx: AsyncSession, season: Season, form: Form) -> str:
        await strikes.take_back(tx, season, bytes.fromhex(form.read(_Sha).sha), desk.actor)
        return "strike-taken-back"

    return await _submit(desk, league, number, act)


@post(f"{SEASON}/amend", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.SEASON_AMENDED))
async def amend(desk: NamedDependency[Desk], league: Slug, number: Number) -> Response[Any]:
    """Show what an amendment changes, and do it once that is confirmed."""

    async def act(form: Form) -> Response[Any]:
        typed = form.read(_AmendmentForm)
        wish = AmendmentWish(
            reason=typed.reason,
            strike=_shas(form, "strike"),
            take_back=_shas(form, "take_back"),
            confirm=typed.confirm or None,
        )
        async with desk.database.transaction() as tx:
            season = await seasons.season_of(tx, league, number)
            found = await amend_season(tx, season, wish, desk.actor, desk.principal.user_id)
        if found.is_done:
            path = desk.request.url.path.removesuffix("/amend")
            return go_on(path, "season-amended", season.name, secure=desk.settings.is_secure)
        form.fields["confirm"] = [found.token]
        return await _show(desk, league, number, form, amendment=found)

    return await submit(desk.request, act, partial(_show, desk, league, number))


def _shas(form: Form, name: str) -> list[str]:
    """The shas of a field; raises `InvalidBody` for one that is none."""
    return [Form.of(sha=word).read(_Sha).sha for word in form.text(name).split()]


async def _submit(
    desk: Desk, league: str, number: int, act: Callable[[AsyncSession, Season, Form], Awaitable[str]]
) -> Response[Any]:
    """Act on the season of the address, and go on to its page with a message."""

    async def in_transaction(form: Form) -> Response[Any]:
        async with desk.database.transaction() as tx:
            season = await seasons.season_of(tx, league, number)
            code = await act(tx, season, form)
            shown = await read_league(tx, desk, league)
        return go_on(f"{shown.path}/seasons/{number}", code, season.name, secure=desk.settings.is_secure)

    return await submit(desk.request, in_transaction, partial(_show, desk, league, number), {NotFound: "sha"})


async def _show(
    desk: Desk, league: str, number: int, form: Form, status: int = 200, amendment: Amendment | None = None
) -> Response[str]:
    async with desk.database.transaction() as tx:
        shown = await read_league(tx, desk, league)
        season = await seasons.season_of(tx, league, number)
        return page(
            desk.request,
            "commissioning/season.html",
            status=status,
            form=form,
            league=shown,
            season=await reading.get_season(tx, desk.principal, league, number),
            strikes=await strikes.list_strikes(tx, season.id),
            seals=await list_seals(tx, season.id, desk.principal.user_id),
            amendment=amendment,
        )


ROUTES = (show_season, open_season, close_season, strike_change, take_back_strike, amend)
