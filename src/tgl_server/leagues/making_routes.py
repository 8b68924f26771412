"""The routes by which commissioners make leagues, choose their repositories, and write and try rules."""

from litestar import patch, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tgl_protocol.league_changes import (
    LeagueChange,
    LeagueRepoList,
    NewLeague,
    NewRules,
    RepoWishes,
    RulesPreview,
    RulesWish,
)
from tgl_protocol.leagues import LeagueInfo, RulesInfo
from tgl_server import errors
from tgl_server.access.callers import commissioner
from tgl_server.access.ids import RepoId
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.created import Created
from tgl_server.http.declarations import answers
from tgl_server.leagues import reading, service
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.paths import Slug
from tgl_server.leagues.preview import preview_rules
from tgl_server.leagues.rules import read_document
from tgl_server.leagues.service import RepoOfLeague


@post("/", guards=[commissioner], opt=audited_as(LeagueAction.LEAGUE_CREATED) | answers(errors.Conflict))
async def create_league(
    data: JSONBody[NewLeague],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Created[LeagueInfo]:
    """Make a league, which you then own; it has no repository yet, and its rules begin with version 1."""
    async with database.transaction() as tx:
        made = await service.create_league(tx, principal.user_id, data.slug, data.name, actor)
        league = await reading.get_league(tx, principal, made.slug)
    return Created(league, "leagues", league.slug)


@patch(
    "/{league:str}",
    guards=[commissioner],
    opt=audited_as(LeagueAction.LEAGUE_CHANGED) | answers(errors.NotFound, errors.Conflict),
)
async def change_league(
    league: Slug,
    data: JSONBody[LeagueChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> LeagueInfo:
    """Change a league: the fields that are named."""
    async with database.transaction() as tx:
        found = await service.get_league(tx, league)
        await service.change_league(tx, found.id, data, actor)
        return await reading.get_league(tx, principal, data.slug or league)


@put(
    "/{league:str}/repos",
    guards=[commissioner],
    opt=audited_as(LeagueAction.LEAGUE_REPOS_CHANGED) | answers(errors.NotFound),
)
async def set_league_repos(
    league: Slug,
    data: JSONBody[RepoWishes],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> LeagueRepoList:
    """Give a league exactly these repositories, in this order; its open seasons are scored anew at once."""
    wanted = [RepoOfLeague(RepoId(each.repo_id), each.counts_from, each.dates_trusted_until) for each in data.items]
    async with database.transaction() as tx:
        found = await service.get_league(tx, league)
        await service.set_repos(tx, found.id, wanted, actor)
        return await reading.list_repos(tx, principal, league)


@post(
    "/{league:str}/rules",
    guards=[commissioner],
    opt=audited_as(LeagueAction.RULES_CREATED) | answers(errors.NotFound),
)
async def add_rules(
    league: Slug,
    data: JSONBody[NewRules],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Created[RulesInfo]:
    """Add a version of the rules; a season keeps the one that it was planned with. Fractions are refused by name."""
    rules = read_document(data.document)
    async with database.transaction() as tx:
        found = await service.get_league(tx, league)
        version = await service.add_rules(tx, found.id, rules, data.note, actor)
        made = await reading.get_rules(tx, principal, league, version)
    return Created(made, "leagues", league, "rules", version)


@post(
    "/{league:str}/rules/preview",
    guards=[commissioner],
    status_code=200,
    opt=answers(errors.NotFound, errors.Conflict),
)
async def preview_league_rules(
    league: Slug,
    data: JSONBody[RulesWish],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> RulesPreview:
    """Try rules on a season, or on the last twelve weeks: who would move, and how much is late. Stores nothing."""
    rules = read_document(data.document)
    async with database.transaction() as tx:
        found = await service.get_league(tx, league)
        return await preview_rules(tx, found, rules, data.season, principal.user_id)


MAKING = (create_league, change_league, set_league_repos, add_rules, preview_league_rules)
