"""The routes that show the tables of seasons and weeks."""

from enum import StrEnum
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from tgl_protocol.league_players import WeekPlace, WeekTable
from tgl_protocol.leagues import Place, SeasonTable
from tgl_server import errors
from tgl_server.access.names import lagging_names
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers, answers_text
from tgl_server.http.formats import Format, csv_file, is_csv
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.http.spreadsheets import CSV_MEDIA_TYPE
from tgl_server.leagues import tables
from tgl_server.leagues.paths import Number, Slug, reads_leagues
from tgl_server.leagues.reading import find_season

Week = Annotated[
    int, PathParameter(ge=1, le=26, description="The number of the week, from 1", examples=[Example(value=1)])
]


class Around(StrEnum):
    """Whose place a part of the table is shown around."""

    ME = "me"


AroundMe = Annotated[Around | None, QueryParameter(description="Only your own place, and two on either side")]


@get(
    "/{league:str}/seasons/{number:int}/table",
    guards=[reads_leagues],
    opt=answers(errors.NotFound) | answers_text(CSV_MEDIA_TYPE, is_file=True),
    responses={200: ResponseSpec(SeasonTable, description="A page, or a file of the first 10,000: see `format`")},
)
async def season_table(
    request: Request[Any, Any, Any],
    league: Slug,
    number: Number,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    around: AroundMe = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[SeasonTable] | Response[bytes]:
    """Show the table of a season, by rank: all of it, or the first ten and those around you, as its rules say."""
    refuse_null(request, "around")
    as_file = is_csv(request, format)
    tables.check_cursor(cursor)  # what cannot be one is refused, whatever else is wrong
    async with database.statements() as primary:
        season = await find_season(primary, principal, league, number)
    async with lagging_names(database, principal.user_id) as connection:
        found = await tables.table_of(
            connection,
            principal,
            season,
            limit=tables.MOST_ROWS if as_file else limit,
            cursor=cursor,
            around_me=around is Around.ME,
        )
    return csv_file("table", found.items, Place.__struct_fields__) if as_file else Response(found)


@get(
    "/{league:str}/seasons/{number:int}/weeks/{week:int}",
    guards=[reads_leagues],
    opt=answers(errors.NotFound) | answers_text(CSV_MEDIA_TYPE, is_file=True),
    responses={200: ResponseSpec(WeekTable, description="The week, or its places as a file: see `format`")},
)
async def week_table(
    request: Request[Any, Any, Any],
    league: Slug,
    number: Number,
    week: Week,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[WeekTable] | Response[bytes]:
    """Show the table of one week of a season."""
    as_file = is_csv(request, format)
    async with database.statements() as primary:
        season = await find_season(primary, principal, league, number)
    async with lagging_names(database, principal.user_id) as connection:
        found = await tables.week_table(connection, principal, season, week)
    return csv_file("week", found.items, WeekPlace.__struct_fields__) if as_file else Response(found)


TABLE_ROUTES = (season_table, week_table)
