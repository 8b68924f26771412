"""The pages `/leagues`, a league's own with its seasons, and the tables of a season and of its weeks."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tgl_protocol.league_digest import DigestKind
from tgl_protocol.leagues import Place
from tgl_server.access.names import lagging_names
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.formats import csv_file
from tgl_server.leagues import tables
from tgl_server.leagues.digests import week_story
from tgl_server.leagues.reading import find_seasons, list_leagues, pick_season
from tgl_server.web.leagues.history import read_history
from tgl_server.web.leagues.standings import best_week, clock, ranked_week, shows_ranks, standings
from tgl_server.web.rendering import page

AnyRequest = Request[Any, Any, Any]

LEAGUE: Final = "/leagues/{league:str}"
SEASON: Final = LEAGUE + "/seasons/{number:int}"


@get("/leagues")
async def show_leagues(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """The leagues that the viewer sees, each with its newest season."""
    async with database.statements() as connection:
        leagues = (await list_leagues(connection, principal)).items
        history = await read_history(connection, principal, [league.id for league in leagues], each=False)
    return page(request, "leagues/list.html", leagues=leagues, history=history, is_ranked=shows_ranks(request))


@get(LEAGUE)
async def show_league(
    request: AnyRequest,
    league: FromPath[str],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """A league with all its seasons."""
    async with database.statements() as connection:
        found = await find_seasons(connection, principal, league)
        history = await read_history(connection, principal, [found.info.id], each=True)
    return page(
        request,
        "leagues/league.html",
        league=found.info,
        season=found.current,
        seasons=[(each.info, clock(each.info)) for each in found.seasons],
        podiums={each.number: each for each in history.get(found.info.id, ())},
        is_ranked=shows_ranks(request),
    )


@get(SEASON)
async def show_table(
    request: AnyRequest,
    league: FromPath[str],
    number: FromPath[int],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The table of a season."""
    async with database.statements() as primary:
        found = await find_seasons(primary, principal, league)
    season = pick_season(found, number)
    async with lagging_names(database, principal.user_id) as connection:
        table = await tables.table_of(connection, principal, season)
    return page(
        request,
        "leagues/table.html",
        league=found.info,
        season=season,
        seasons=found.seasons,
        clock=clock(season.info),
        table=standings(request, season, table),
    )


@get(f"{SEASON}/table.csv")
async def export_table(
    league: FromPath[str],
    number: FromPath[int],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[bytes]:
    """The file that the API answers."""
    async with database.statements() as primary:
        season = pick_season(await find_seasons(primary, principal, league), number)
    async with lagging_names(database, principal.user_id) as connection:
        table = await tables.table_of(connection, principal, season)
    return csv_file("table", table.items, Place.__struct_fields__)


@get(f"{SEASON}/weeks/{{week:int}}")
async def show_week(
    request: AnyRequest,
    league: FromPath[str],
    number: FromPath[int],
    week: FromPath[int],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The table of one week."""
    async with database.statements() as primary:
        found = await find_seasons(primary, principal, league)
    season = pick_season(found, number)
    async with lagging_names(database, principal.user_id) as connection:
        table, is_ranked = ranked_week(request, season, await tables.week_table(connection, principal, season, week))
        story = await week_story(connection, principal, season, week)
    return page(
        request,
        "leagues/week.html",
        league=found.info,
        season=season,
        table=table,
        is_ranked=is_ranked,
        story=[line for line in story if is_ranked or line.kind is not DigestKind.BEST],
        most=best_week(season.rules),
    )


ROUTES = (show_leagues, show_league, show_table, export_table, show_week)
