"""The routes that read leagues: their rules and seasons, and what a season says of a commit."""

import re
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from tgl_protocol.league_changes import LeagueRepoList
from tgl_protocol.leagues import (
    LeagueDays,
    LeagueExplanation,
    LeagueInfo,
    LeagueList,
    OwnStanding,
    RulesInfo,
    SeasonList,
)
from tgl_server import errors
from tgl_server.access.guards import RepoAccess, may_read
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers
from tgl_server.http.example_values import SHA
from tgl_server.leagues import reading
from tgl_server.leagues.award_routes import AWARD_ROUTES
from tgl_server.leagues.badge_routes import BADGE_ROUTES
from tgl_server.leagues.digest_routes import DIGEST_ROUTES
from tgl_server.leagues.making_routes import MAKING
from tgl_server.leagues.own_days import own_days
from tgl_server.leagues.paths import Slug, Version, reads_leagues
from tgl_server.leagues.player_routes import PLAYER_ROUTES
from tgl_server.leagues.seal_routes import SEALS
from tgl_server.leagues.season_routes import RUNNING
from tgl_server.leagues.table_routes import TABLE_ROUTES

_LEAST_DIGITS = 7
_PREFIX = re.compile(rf"[0-9a-f]{{{_LEAST_DIGITS},40}}")

Sha = Annotated[
    str,
    PathParameter(
        description=f"The commit's sha, or {_LEAST_DIGITS} or more digits of its beginning",
        examples=[Example(value=SHA)],
    ),
]


@get("/", guards=[reads_leagues])
async def list_leagues(principal: NamedDependency[Principal], database: NamedDependency[Database]) -> LeagueList:
    """List the leagues that you may see: those with a repository of one of your projects."""
    async with database.statements() as connection:
        return await reading.list_leagues(connection, principal)


@get("/{league:str}", guards=[reads_leagues], opt=answers(errors.NotFound))
async def get_league(
    league: Slug, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> LeagueInfo:
    """Show a league."""
    async with database.statements() as connection:
        return await reading.get_league(connection, principal, league)


@get("/{league:str}/repos", guards=[reads_leagues], opt=answers(errors.NotFound))
async def list_league_repos(
    league: Slug, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> LeagueRepoList:
    """List the repositories of a league that you may read, in their order: upstream before fork."""
    async with database.statements() as connection:
        return await reading.list_repos(connection, principal, league)


@get("/{league:str}/rules/{version:int}", guards=[reads_leagues], opt=answers(errors.NotFound))
async def get_rules(
    league: Slug, version: Version, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> RulesInfo:
    """Show a version of a league's rules, with its hash."""
    async with database.statements() as connection:
        return await reading.get_rules(connection, principal, league, version)


@get("/{league:str}/seasons", guards=[reads_leagues], opt=answers(errors.NotFound))
async def list_seasons(
    league: Slug, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> SeasonList:
    """List the seasons of a league."""
    async with database.statements() as connection:
        return await reading.list_seasons(connection, principal, league)


@get("/{league:str}/explain/{sha:str}", guards=[reads_leagues], opt=answers(errors.NotFound, errors.InvalidParameter))
async def explain_in_league(
    league: Slug, sha: Sha, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> LeagueExplanation:
    """Tell what the seasons of a league say of a commit, and what it does for its player's day."""
    prefix = sha.lower()
    if not _PREFIX.fullmatch(prefix):
        raise errors.InvalidParameter(f"Expected {_LEAST_DIGITS} to 40 hexadecimal digits.")
    bounds = bytes.fromhex(prefix.ljust(40, "0")), bytes.fromhex(prefix.ljust(40, "f"))
    async with database.statements() as connection:
        return await reading.explain_sha(connection, principal, league, prefix, bounds)


@get("/{league:str}/me", guards=[reads_leagues], opt=answers(errors.NotFound))
async def own_standing(
    league: Slug, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> OwnStanding:
    """Show your own place in the newest season of a league, and your points of today."""
    async with database.statements() as connection:
        return await reading.own_standing(connection, principal, league)


@get("/me", guards=[may_read])
async def own_days_in_leagues(
    target: NamedDependency[RepoAccess], principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> LeagueDays:
    """Show your own points of today in the running seasons of the leagues that have the repository."""
    async with database.statements() as connection:
        return LeagueDays(await own_days(connection, principal.user_id, repo_id=target.id))


leagues_router = Router(
    "/leagues",
    route_handlers=[
        list_leagues,
        get_league,
        list_league_repos,
        get_rules,
        list_seasons,
        explain_in_league,
        own_standing,
        *MAKING,
        *RUNNING,
        *SEALS,
        *TABLE_ROUTES,
        *AWARD_ROUTES,
        *PLAYER_ROUTES,
        *BADGE_ROUTES,
        *DIGEST_ROUTES,
    ],
    tags=["leagues"],
)

repo_leagues_router = Router(
    "/projects/{project:str}/repos/{repo:str}/leagues",
    route_handlers=[own_days_in_leagues],
    tags=["leagues"],
)
