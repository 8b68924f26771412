"""The routes that show awards, records and matches."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from tgl_protocol.awards import Award, AwardList, SeasonRecords
from tgl_protocol.matches import FixtureList
from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers, answers_text
from tgl_server.http.formats import Format, csv_file, is_csv
from tgl_server.http.spreadsheets import CSV_MEDIA_TYPE
from tgl_server.leagues.awards import season_awards
from tgl_server.leagues.fame import season_records
from tgl_server.leagues.fixtures import season_fixtures
from tgl_server.leagues.paths import Number, Slug, reads_leagues
from tgl_server.leagues.reading import find_season


@get(
    "/{league:str}/seasons/{number:int}/awards",
    guards=[reads_leagues],
    opt=answers(errors.NotFound) | answers_text(CSV_MEDIA_TYPE, is_file=True),
    responses={200: ResponseSpec(AwardList, description="The awards, or the same as a file: see `format`")},
)
async def list_awards(
    request: Request[Any, Any, Any],
    league: Slug,
    number: Number,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[AwardList] | Response[bytes]:
    """List the awards of a season so far; of players who have hidden nothing is said."""
    as_file = is_csv(request, format)
    async with database.statements() as connection:
        season = await find_season(connection, principal, league, number)
        found = await season_awards(connection, principal, season)
    return csv_file("awards", found.items, Award.__struct_fields__) if as_file else Response(found)


@get("/{league:str}/seasons/{number:int}/records", guards=[reads_leagues], opt=answers(errors.NotFound))
async def show_records(
    league: Slug, number: Number, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> SeasonRecords:
    """Show the records of a season and of its league, and the hall of fame."""
    async with database.statements() as connection:
        season = await find_season(connection, principal, league, number)
        return await season_records(connection, principal, season)


@get("/{league:str}/seasons/{number:int}/fixtures", guards=[reads_leagues], opt=answers(errors.NotFound))
async def list_fixtures(
    league: Slug, number: Number, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> FixtureList:
    """List the matches of a season, with their table; who has hidden is nobody's opponent."""
    async with database.statements() as connection:
        season = await find_season(connection, principal, league, number)
        return await season_fixtures(connection, principal, season)


AWARD_ROUTES = (list_awards, show_records, list_fixtures)
