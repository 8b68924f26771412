"""The routes of digests: the story of a week, and the feed of a league's newest season."""

from litestar import Response, get
from litestar.di import NamedDependency

from tgl_protocol.league_digest import WeekDigest
from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers, answers_text
from tgl_server.leagues import digests
from tgl_server.leagues.feeds import MEDIA_TYPE, atom
from tgl_server.leagues.paths import Number, Slug, reads_leagues
from tgl_server.leagues.reading import find_season
from tgl_server.leagues.table_routes import Week


@get("/{league:str}/seasons/{number:int}/weeks/{week:int}/digest", guards=[reads_leagues], opt=answers(errors.NotFound))
async def show_digest(
    league: Slug,
    number: Number,
    week: Week,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> WeekDigest:
    """Tell what there is to tell of a sealed week, in sentences."""
    async with database.statements() as connection:
        season = await find_season(connection, principal, league, number)
        return await digests.week_digest(connection, principal, season, week)


@get(
    "/{league:str}/feed.atom",
    guards=[reads_leagues],
    media_type=MEDIA_TYPE,
    opt=answers(errors.NotFound) | answers_text(MEDIA_TYPE),
)
async def show_feed(
    league: Slug, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[bytes]:
    """Show the digests of the newest season's sealed weeks as an Atom feed."""
    async with database.statements() as connection:
        season = await find_season(connection, principal, league, None)
        found = await digests.week_digests(connection, principal, season)
    return Response(atom(season.league, found.items).encode(), media_type=MEDIA_TYPE)


DIGEST_ROUTES = (show_digest, show_feed)
