"""The routes by which commissioners plan, open and close seasons, and strike changes."""

from typing import Annotated

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from tgl_protocol.league_changes import NewSeason, NewStrike, StrikeGone, StrikeList
from tgl_protocol.leagues import SeasonInfo
from tgl_server import errors
from tgl_server.access.callers import commissioner
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.created import Created
from tgl_server.http.declarations import answers
from tgl_server.http.example_values import SHA
from tgl_server.leagues import reading, seasons, strikes
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.paths import Number, Slug, reads_leagues

_SEASON = "/{league:str}/seasons/{number:int}"

WholeSha = Annotated[
    str,
    PathParameter(
        pattern="^[0-9a-f]{40}$", description="The sha, 40 hexadecimal digits", examples=[Example(value=SHA)]
    ),
]


@post(
    "/{league:str}/seasons",
    guards=[commissioner],
    opt=audited_as(LeagueAction.SEASON_CREATED) | answers(errors.NotFound, errors.Conflict),
)
async def plan_season(
    league: Slug,
    data: JSONBody[NewSeason],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Created[SeasonInfo]:
    """Plan a season; those of a league do not overlap, drafts included."""
    async with database.transaction() as tx:
        found = await reading.get_league(tx, principal, league)
        made = await seasons.create_season(
            tx, found.id, data.starts, data.weeks, actor, name=data.name, version=data.rules_version
        )
        season = await reading.get_season(tx, principal, league, made.number)
    return Created(season, "leagues", league, "seasons", season.number)


@get(_SEASON, guards=[reads_leagues], opt=answers(errors.NotFound))
async def get_season(
    league: Slug, number: Number, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> SeasonInfo:
    """Show a season."""
    async with database.statements() as connection:
        return await reading.get_season(connection, principal, league, number)


@post(
    f"{_SEASON}/open",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(LeagueAction.SEASON_OPENED) | answers(errors.NotFound, errors.Conflict),
)
async def open_season(
    league: Slug,
    number: Number,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> SeasonInfo:
    """Open a planned season: from now on its rules do not change. All that is stored is scored at once."""
    async with database.transaction() as tx:
        season = await seasons.season_of(tx, league, number)
        await seasons.open_season(tx, season.id, actor)
        return await reading.get_season(tx, principal, league, number)


@post(
    f"{_SEASON}/close",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(LeagueAction.SEASON_CLOSED) | answers(errors.NotFound, errors.Conflict),
)
async def close_season(
    league: Slug,
    number: Number,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> SeasonInfo:
    """Close a season for good; one whose dates are witnessed not before its last week has closed."""
    async with database.transaction() as tx:
        season = await seasons.season_of(tx, league, number)
        await seasons.close_season(tx, season.id, actor)
        return await reading.get_season(tx, principal, league, number)


@get(f"{_SEASON}/strikes", guards=[commissioner], opt=answers(errors.NotFound))
async def list_strikes(league: Slug, number: Number, database: NamedDependency[Database]) -> StrikeList:
    """List the strikes of a season, the newest first."""
    async with database.transaction() as tx:
        season = await seasons.season_of(tx, league, number)
        return StrikeList(await strikes.list_strikes(tx, season.id))


@post(
    f"{_SEASON}/strikes",
    guards=[commissioner],
    opt=audited_as(LeagueAction.CHANGE_STRUCK) | answers(errors.NotFound, errors.Conflict),
)
async def strike_change(
    league: Slug,
    number: Number,
    data: JSONBody[NewStrike],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> StrikeList:
    """Strike a change, with all its copies: it no longer counts. Answers all strikes of the season."""
    async with database.transaction() as tx:
        season = await seasons.season_of(tx, league, number)
        await strikes.strike(tx, season, bytes.fromhex(data.sha), data.reason, actor)
        return StrikeList(await strikes.list_strikes(tx, season.id))


@delete(
    f"{_SEASON}/strikes/{{sha:str}}",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(LeagueAction.STRIKE_TAKEN_BACK) | answers(errors.NotFound, errors.Conflict),
)
async def take_back_strike(
    league: Slug,
    number: Number,
    sha: WholeSha,
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> StrikeGone:
    """Take back the strikes on a change: it counts again as the rules say."""
    async with database.transaction() as tx:
        season = await seasons.season_of(tx, league, number)
        return StrikeGone(await strikes.take_back(tx, season, bytes.fromhex(sha), actor))


RUNNING = (
    plan_season,
    get_season,
    open_season,
    close_season,
    list_strikes,
    strike_change,
    take_back_strike,
)
