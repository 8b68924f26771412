"""The pages of a player: a season week by week, and a day commit by commit."""

from datetime import date
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.league_players import DayExplained, LeaguePlayer
from tgl_server.access.names import Names, lagging_names, names_for
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.own_origin import own_origin
from tgl_server.leagues import badges, players
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.reading import FoundSeason, find_seasons, get_league, pick_season
from tgl_server.settings import Settings
from tgl_server.web.figures import Figure, figure
from tgl_server.web.filters import Filters
from tgl_server.web.flash import go_on
from tgl_server.web.forms import read_form
from tgl_server.web.leagues import queries
from tgl_server.web.leagues.routes import LEAGUE
from tgl_server.web.leagues.standings import best_day, shows_ranks
from tgl_server.web.rendering import page
from tgl_server.web.words import count, plain_day

AnyRequest = Request[Any, Any, Any]

PLAYER: Final = LEAGUE + "/players/{player:uuid}"
_EXPECTED: Final = "Expected the number of a season."


@get(PLAYER)
async def show_player(
    request: AnyRequest,
    league: FromPath[str],
    player: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """A player's season."""
    number = Filters(request).read("season", int, _EXPECTED)
    async with database.statements() as primary:
        found = await find_seasons(primary, principal, league)
    season = pick_season(found, number)
    async with lagging_names(database, principal.user_id) as connection:
        found_player = await players.player_with_days(connection, principal, season, player)
    shown = found_player.player
    return page(
        request,
        "leagues/player.html",
        league=found.info,
        season=season,
        seasons=found.seasons,
        player=shown,
        days=found_player.days,
        figure=_figure(shown),
        has_badge=shown.is_me and found_player.has_badge,
        badge_path=(path := badges.badge_path(found.info.slug, player)),
        badge=own_origin(request, settings) + path,
        is_ranked=shows_ranks(request),
    )


@get(f"{PLAYER}/days/{{day:date}}")
async def show_day(
    request: AnyRequest,
    league: FromPath[str],
    player: FromPath[UUID],
    day: FromPath[date],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """How a player's day came by its points."""
    number = Filters(request).read("season", int, _EXPECTED)
    async with database.statements() as connection:
        found = await find_seasons(connection, principal, league)
        season = pick_season(found, number)
        explained = await players.explain_day(connection, principal, season, player, day)
        titles = await _titles(connection, principal, season, explained)
    return page(
        request,
        "leagues/day.html",
        league=found.info,
        season=season,
        day=explained,
        titles=titles,
        rules=season.rules,
        most=best_day(season.rules),
    )


@post(f"{LEAGUE}/badge", status_code=303, opt=audited_as(LeagueAction.BADGE_CHOSEN))
async def choose_badge(
    request: AnyRequest,
    league: FromPath[str],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Show the viewer's badge to everybody, or not any more."""
    is_shown = (await read_form(request)).text("badge") == "on"
    async with database.statements() as connection:
        found = await get_league(connection, principal, league)
    async with database.transaction() as tx:
        own = await badges.choose_badge(tx, found.id, league, principal.user_id, actor, is_shown=is_shown)
    path = f"/leagues/{quote(league, safe='')}/players/{own.player_id}"
    return go_on(path, "badge-shown" if is_shown else "badge-hidden", secure=settings.is_secure)


def _figure(player: LeaguePlayer) -> Figure | None:
    if not player.weeks:
        return None
    starts = [week.starts for week in player.weeks]
    points = [week.points for week in player.weeks]
    titles = [
        f"Week {week.week}, from {plain_day(week.starts)}: {count(week.points, 'point')}" for week in player.weeks
    ]
    active = sum(1 for each in points if each)
    sentence = f"Points in {active} of {count(len(points), 'week')}, {max(points)} in the best one."
    return figure(starts, points, [], sentence=sentence, titles=titles)


async def _titles(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, day: DayExplained
) -> dict[tuple[str, str, str], str]:
    """The titles of the day's commits by project, repository and sha, with other names for who has one."""
    shas = sorted({bytes.fromhex(commit.sha) for commit in day.commits})
    if not shas:
        return {}
    asked = {"sha": shas, "league_id": season.league.id}
    rows = (await connection.execute(queries.TITLES, asked)).mappings().all()
    # A title names an address once in a thousand times: only then is it worth a statement.
    has_address = any("@" in row["message_title"] for row in rows)
    names = await names_for(connection, principal) if has_address else Names()
    return {(row["project"], row["repo"], row["sha"].hex()): names.text(row["message_title"]) for row in rows}


ROUTES = (show_player, show_day, choose_badge)
