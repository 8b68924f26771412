"""The page of a league's rules: trying others on a season, and adding them as a version."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Struct

from tgl_protocol.league_changes import RulesPreview
from tgl_server.access.callers import commissioner
from tgl_server.access.refusals import audited_as
from tgl_server.leagues import service
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.paths import Slug
from tgl_server.leagues.preview import preview_rules
from tgl_server.web.commissioning.parameters import PARAMETERS, fill, read
from tgl_server.web.commissioning.view import LEAGUE, Desk, read_league
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit


class _Tried(Struct, frozen=True):
    """The season that rules are tried on; none is the last twelve weeks."""

    season: int | None = None


class _Noted(Struct, frozen=True):
    """What new rules change."""

    note: str = ""


@get(f"{LEAGUE}/rules", guards=[commissioner])
async def show_rules(desk: NamedDependency[Desk], league: Slug) -> Response[str]:
    """The newest rules as a form."""
    return await _show(desk, league, form_of_query(desk.request))


@post(f"{LEAGUE}/rules", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.RULES_CREATED))
async def add_rules(desk: NamedDependency[Desk], league: Slug) -> Response[Any]:
    """Add what the form has as a version; seasons keep theirs."""

    async def add(form: Form) -> Response[Any]:
        rules = read(form)
        async with desk.database.transaction() as tx:
            shown = await read_league(tx, desk, league)
            version = await service.add_rules(tx, shown.info.id, rules, form.read(_Noted).note, desk.actor)
        return go_on(shown.path, "rules-added", str(version), secure=desk.settings.is_secure)

    return await submit(desk.request, add, partial(_show, desk, league))


@post(f"{LEAGUE}/rules/preview", guards=[commissioner], status_code=200, opt=audited_as(LeagueAction.RULES_CREATED))
async def try_rules(desk: NamedDependency[Desk], league: Slug) -> Response[Any]:
    """Show who would move under what the form has; nothing is stored."""

    async def try_(form: Form) -> Response[Any]:
        rules, tried = read(form), form.read(_Tried)
        async with desk.database.transaction() as tx:
            found = await service.get_league(tx, league)
            preview = await preview_rules(tx, found, rules, tried.season, desk.principal.user_id)
        return await _show(desk, league, form, preview=preview)

    return await submit(desk.request, try_, partial(_show, desk, league))


async def _show(
    desk: Desk, league: str, form: Form, status: int = 200, preview: RulesPreview | None = None
) -> Response[str]:
    async with desk.database.transaction() as tx:
        shown = await read_league(tx, desk, league)
        version = await service.last_rules(tx, shown.info.id)
        fill(form, await service.load_rules(tx, shown.info.id, version))
    seasons = {"": "The last twelve weeks", **{str(each.number): each.name for each in shown.seasons}}
    return page(
        desk.request,
        "commissioning/rules.html",
        status=status,
        form=form,
        league=shown,
        newest=version,
        parameters=PARAMETERS,
        seasons=seasons,
        preview=preview,
    )


ROUTES = (show_rules, add_rules, try_rules)
