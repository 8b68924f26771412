"""The routes that show one player of a league: points by week and day, and how a day came by them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from tgl_protocol.league_players import DayExplained, LeaguePlayer, PlayerDay, PlayerDays
from tgl_server import errors
from tgl_server.access.names import lagging_names
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers, answers_text
from tgl_server.http.example_values import USER_ID
from tgl_server.http.formats import Format, csv_file, is_csv
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.spreadsheets import CSV_MEDIA_TYPE
from tgl_server.leagues import players
from tgl_server.leagues.paths import Slug, reads_leagues
from tgl_server.leagues.reading import find_season

PlayerId = Annotated[UUID, PathParameter(description="The player's id", examples=[Example(value=str(USER_ID))])]
Day = Annotated[date, PathParameter(description="A day of the league", examples=[Example(value="2026-01-06")])]
InSeason = Annotated[
    int | None,
    QueryParameter(name="season", ge=1, le=1_000_000, description="The season; without it the newest that was opened"),
]


@get("/{league:str}/players/{player:uuid}", guards=[reads_leagues], opt=answers(errors.NotFound))
async def show_league_player(
    request: Request[Any, Any, Any],
    league: Slug,
    player: PlayerId,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    season: InSeason = None,
) -> LeaguePlayer:
    """Show a player's season, week by week; who has hidden is shown to themselves alone."""
    refuse_null(request, "season")
    async with database.statements() as primary:
        found = await find_season(primary, principal, league, season)
    async with lagging_names(database, principal.user_id) as connection:
        return await players.player_in_season(connection, principal, found, player)


@get(
    "/{league:str}/players/{player:uuid}/days",
    guards=[reads_leagues],
    opt=answers(errors.NotFound) | answers_text(CSV_MEDIA_TYPE, is_file=True),
    responses={200: ResponseSpec(PlayerDays, description="The days, or the same as a file: see `format`")},
)
async def list_days(
    request: Request[Any, Any, Any],
    league: Slug,
    player: PlayerId,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    season: InSeason = None,
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[PlayerDays] | Response[bytes]:
    """List a player's days with a change that counts."""
    refuse_null(request, "season")
    as_file = is_csv(request, format)
    async with database.statements() as primary:
        found = await find_season(primary, principal, league, season)
    async with lagging_names(database, principal.user_id) as connection:
        days = await players.player_days(connection, principal, found, player)
    return csv_file("days", days.items, PlayerDay.__struct_fields__) if as_file else Response(days)


@get("/{league:str}/players/{player:uuid}/days/{day:date}", guards=[reads_leagues], opt=answers(errors.NotFound))
async def explain_day(
    request: Request[Any, Any, Any],
    league: Slug,
    player: PlayerId,
    day: Day,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    season: InSeason = None,
) -> DayExplained:
    """Tell how a player's day came by its points, commit by commit, in the repositories that you may read."""
    refuse_null(request, "season")
    async with database.statements() as connection:
        found = await find_season(connection, principal, league, season)
        return await players.explain_day(connection, principal, found, player, day)


PLAYER_ROUTES = (show_league_player, list_days, explain_day)
