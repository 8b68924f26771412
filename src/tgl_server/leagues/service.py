"""Leagues: making them, their repositories and their rules."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.awards import AwardName
from tgl_protocol.league_changes import LeagueChange
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.audit.changes import apply_changes
from tgl_server.audit.service import Actor, record
from tgl_server.db.rows import Rows
from tgl_server.followers.service import hold_mark
from tgl_server.http.body import named_fields
from tgl_server.http.text_rules import is_storable
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.follower import LEAGUES, locked_seasons
from tgl_server.leagues.models import League, LeagueRepo, RulesRow
from tgl_server.leagues.queries import FIX_COUNTING
from tgl_server.leagues.rescoring import forget_repos, score_repo
from tgl_server.leagues.rules import Counting, Rules, parse_rules, rules_hash, rules_json
from tgl_server.leagues.sealing import Why
from tgl_server.leagues.service_queries import ADD_RULES, DROP_REPOS, LAST_RULES, PUT_REPOS, RULES
from tgl_server.leagues.terms import load_season
from tgl_server.projects import names

#: The rules of a new league: what has landed counts, where the default branch is known, and all awards are given.
NEW_RULES = Rules(counting=Counting.LANDED, awards=tuple(AwardName))

# FOR NO KEY UPDATE, which does not block foreign keys.
_TO_CHANGE = {"key_share": True}


class Leagues(Rows[League]):
    """The rows of `leagues`."""

    model_type = League


class LeagueRepos(Rows[LeagueRepo]):
    """The rows of `league_repos`."""

    model_type = LeagueRepo


class RulesRows(Rows[RulesRow]):
    """The rows of `rules`."""

    model_type = RulesRow


class RepoOfLeague(Struct, frozen=True):
    """A repository that a league is to have: see `LeagueRepo`."""

    repo_id: RepoId
    counts_from: date | None = None
    dates_trusted_until: datetime | None = None


async def create_league(
    tx: AsyncSession, owner_id: UUID, slug: str, name: str, by: Actor, rules: Rules = NEW_RULES
) -> League:
    """Make a league, whose rules are version 1; a slug that is taken is a conflict."""
    names.refuse_faults({"slug": names.slug_fault(slug), "name": names.line_fault(name)})
    league = await Leagues(session=tx).add(League(owner_id=owner_id, slug=slug, name=name))
    await record(tx, by.did(LeagueAction.LEAGUE_CREATED, "league", league.id, slug=slug, name=name))
    await add_rules(tx, league.id, rules, "The rules of the beginning", by)
    return league


async def change_league(tx: AsyncSession, league_id: UUID, change: LeagueChange, by: Actor) -> None:
    """Change the fields that are named; a slug that is taken is a conflict."""
    values = named_fields(change)
    faults = {"slug": names.slug_fault, "name": names.line_fault}
    names.refuse_faults({field: find(values[field]) for field, find in faults.items() if field in values})
    changed = apply_changes(await lock_league(tx, league_id), values)
    if changed:
        await tx.flush()
        await record(tx, by.did(LeagueAction.LEAGUE_CHANGED, "league", league_id, changed=changed))


async def find_league(tx: AsyncSession, slug: str) -> League | None:
    """The league with this slug; None without one."""
    return await Leagues(session=tx).get_one_or_none(slug=slug)


async def get_league(tx: AsyncSession, slug: str) -> League:
    """The league with this slug; raises `NotFound`."""
    league = await find_league(tx, slug) if is_storable(slug) else None
    if league is None:
        raise errors.NotFound("There is no league of this name.")
    return league


async def lock_league(tx: AsyncSession, league_id: UUID) -> League:
    """The league's row, locked so that one request at a time decides; raises `NotFound`."""
    league = await Leagues(session=tx).get_one_or_none(id=league_id, with_for_update=_TO_CHANGE)
    if league is None:
        raise errors.NotFound("The league was deleted meanwhile.")
    return league


async def add_rules(tx: AsyncSession, league_id: UUID, rules: Rules, note: str, by: Actor) -> int:
    """Add a version of the league's rules; its number. Seasons that are open keep theirs."""
    names.refuse_faults({"note": names.text_fault(note)})
    await lock_league(tx, league_id)
    version: int = await tx.scalar(LAST_RULES, {"league_id": league_id}) + 1
    digest = rules_hash(rules)
    row = {"version": version, "document": rules_json(rules).decode(), "sha256": digest, "note": note}
    await tx.execute(ADD_RULES, {"league_id": league_id, "created_by": by.user_id, **row})
    details = {"version": version, "sha256": digest.hex(), "note": note}
    await record(tx, by.did(LeagueAction.RULES_CREATED, "league", league_id, **details))
    return version


async def last_rules(tx: AsyncSession, league_id: UUID) -> int:
    """The number of the league's newest rules."""
    version: int = await tx.scalar(LAST_RULES, {"league_id": league_id})
    return version


async def load_rules(tx: AsyncSession, league_id: UUID, version: int) -> Rules:
    """A version of the league's rules; raises `NotFound`."""
    document = await tx.scalar(RULES, {"league_id": league_id, "version": version})
    if document is None:
        raise errors.NotFound(f"The league has no version {version} of its rules.")
    return parse_rules(document)


async def set_repos(tx: AsyncSession, league_id: UUID, wanted: Sequence[RepoOfLeague], by: Actor) -> None:
    """Give a league these repositories, in this order, upstream before fork, and score what changes in open seasons."""
    await lock_league(tx, league_id)
    wanted_ids = [repo.repo_id for repo in wanted]
    if len(set(wanted_ids)) < len(wanted_ids):
        raise errors.InvalidParameter(errors=[FieldError("A repository is named twice", field="repos")])
    rows = await LeagueRepos(session=tx).get_many(league_id=league_id)
    before = {RepoId(row.repo_id) for row in rows}
    # Otherwise the scorer could pass commits of a repository that is being taken in, and nobody would read them.
    for repo_id in sorted(before | set(wanted_ids)):
        await hold_mark(tx, repo_id, LEAGUES)
    why = Why(by, "The league's repositories were changed")
    await _drop(tx, league_id, sorted(before - set(wanted_ids)), why)
    await tx.execute(PUT_REPOS, {"league_id": league_id, **_as_columns(wanted)})
    await _score(tx, league_id, wanted_ids, why)
    details = {"repos": [str(repo_id) for repo_id in wanted_ids]}
    await record(tx, by.did(LeagueAction.LEAGUE_REPOS_CHANGED, "league", league_id, **details))


async def _drop(tx: AsyncSession, league_id: UUID, repo_ids: Sequence[RepoId], why: Why) -> None:
    async for season in locked_seasons(tx, repo_ids):
        if season.league_id == league_id:
            await forget_repos(tx, season, repo_ids, why)
    await tx.execute(DROP_REPOS, {"league_id": league_id, "repo_ids": list(repo_ids)})


async def _score(tx: AsyncSession, league_id: UUID, repo_ids: Sequence[RepoId], why: Why) -> None:
    """Score all repositories of the open seasons anew: which copy counts depends on their order."""
    async for season in locked_seasons(tx, repo_ids):
        if season.league_id == league_id:
            await tx.execute(FIX_COUNTING, {"season_id": season.id})
            fixed = await load_season(tx, season.id)
            for repo_id in fixed.repos:
                await score_repo(tx, fixed, repo_id, why)


def _as_columns(repos: Sequence[RepoOfLeague]) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        name: [getattr(repo, name) for repo in repos] for name in RepoOfLeague.__struct_fields__
    }
    return {**columns, "position": list(range(len(repos)))}
