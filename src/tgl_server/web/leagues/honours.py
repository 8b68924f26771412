"""The pages of awards, records and matches."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tgl_protocol.awards import Award, AwardPeriod
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.leagues.awards import season_awards
from tgl_server.leagues.fame import season_records
from tgl_server.leagues.fixtures import season_fixtures
from tgl_server.leagues.reading import FoundSeason, find_seasons, pick_season
from tgl_server.web.leagues.routes import SEASON
from tgl_server.web.leagues.standings import shows_ranks
from tgl_server.web.rendering import page

AnyRequest = Request[Any, Any, Any]

_Group = tuple[str, str, Sequence[Award]]
_WHOLE: Final = "The season"


@get(f"{SEASON}/awards")
async def show_awards(
    request: AnyRequest,
    league: FromPath[str],
    number: FromPath[int],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The awards of a season so far, the newest first."""
    async with database.statements() as connection:
        found = await find_seasons(connection, principal, league)
        season = pick_season(found, number)
        awards = (await season_awards(connection, principal, season)).items
    return page(request, "leagues/awards.html", league=found.info, season=season, groups=_groups(season, awards))


@get(f"{SEASON}/records")
async def show_records(
    request: AnyRequest,
    league: FromPath[str],
    number: FromPath[int],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The records of a season and of its league, and the hall of fame."""
    async with database.statements() as connection:
        found = await find_seasons(connection, principal, league)
        season = pick_season(found, number)
        records = await season_records(connection, principal, season)
    return page(request, "leagues/records.html", league=found.info, season=season, records=records)


@get(f"{SEASON}/fixtures")
async def show_fixtures(
    request: AnyRequest,
    league: FromPath[str],
    number: FromPath[int],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The matches of a season by week, and their table."""
    async with database.statements() as connection:
        found = await find_seasons(connection, principal, league)
        season = pick_season(found, number)
        fixtures = await season_fixtures(connection, principal, season)
    weeks = {week: list(own) for week, own in groupby(fixtures.matches, key=lambda match: match.week)}
    now = min(max(season.info.begun, 1), season.info.weeks)
    # The running week first, then those that were played, the newest first, then those to come.
    order = [*range(now, 0, -1), *range(now + 1, season.info.weeks + 1)]
    return page(
        request,
        "leagues/fixtures.html",
        league=found.info,
        season=season,
        table=fixtures.table,
        weeks=[(week, weeks[week]) for week in order if week in weeks],
        is_ranked=shows_ranks(request),
    )


def _groups(season: FoundSeason, awards: Sequence[Award]) -> list[_Group]:
    """Awards by what they are given for, in their order: a title, the path of the week's page, and the awards."""
    base = f"/leagues/{season.league.slug}/seasons/{season.info.number}/weeks"

    def title(award: Award) -> tuple[str, str]:
        if award.period is AwardPeriod.SEASON:
            return _WHOLE, ""
        return (award.month, "") if award.month else (f"Week {award.week}", f"{base}/{award.week}")

    return [(*named, list(own)) for named, own in groupby(awards, key=title)]


ROUTES = (show_awards, show_records, show_fixtures)
