"""A stored season computed in plain Python, commit by commit: what SQL comes to is compared with it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.database import rows
from tgl_server.db.engine import Database
from tgl_server.leagues.crediting import credits_kept
from tgl_server.leagues.facts import load_facts
from tgl_server.leagues.models import VERDICT_CODES, VERDICTS
from tgl_server.leagues.reference import JudgedCopy, SeasonResult, season_result
from tgl_server.leagues.rescoring import stored_commits
from tgl_server.leagues.scoring_queries import COMMITS_SINCE
from tgl_server.leagues.sealing_queries import HELD
from tgl_server.leagues.strikes_queries import STRUCK
from tgl_server.leagues.terms import ScoredSeason, judged, load_season, trait_of, whose_work
from tgl_server.players.identifying import Author

_STORED = {
    "ledger": "player_id, sha, position, verdict",
    "player_days": "player_id, day, changes, value, points",
    "standings": "player_id, points, week_points, rank, is_tied",
}


async def assert_reference(database: Database, season_id: UUID) -> SeasonResult:
    """The stored verdicts, days and places are those of the reference."""
    async with database.transaction() as tx:
        season = await load_season(tx, season_id)
        found = await _compute(tx, season)
    computed: dict[str, set[tuple[Any, ...]]] = {
        "ledger": {(*key, VERDICT_CODES[verdict]) for key, verdict in found.verdicts.items()},
        "player_days": {(each.player, each.day, each.changes, each.value, each.points) for each in found.days},
        "standings": {
            (each.player, each.points, tuple(found.weeks[each.player]), each.rank, each.is_tied) for each in found.table
        },
    }
    for table, columns in _STORED.items():
        query = f"SELECT {columns} FROM {table} WHERE season_id = :season_id"
        stored = [tuple(_hashable(value) for value in row) for row in await rows(database, query, season_id=season_id)]
        assert (len(stored), set(stored)) == (len(computed[table]), computed[table])
    return found


async def _compute(tx: AsyncSession, season: ScoredSeason) -> SeasonResult:
    struck = set(await tx.scalars(STRUCK, {"season_id": season.id}))
    held = {
        (row.player_id, row.sha, row.position): VERDICTS[row.verdict]
        for row in await tx.execute(HELD, {"season_id": season.id})
    }
    copies = [copy async for copy in _copies(tx, season)]
    return season_result(season.rules, season.span, season.begun, copies, struck, held)


async def _copies(tx: AsyncSession, season: ScoredSeason) -> AsyncIterator[JudgedCopy]:
    credited = await credits_kept(tx, season.id)
    for repo_id, terms in season.repos.items():
        async for commits in stored_commits(tx, COMMITS_SINCE, {"repo_id": repo_id, "since": season.since}):
            facts = await load_facts(tx, season, repo_id, commits)
            for commit in commits:
                author = Author(commit["author_email"], commit["author_name"])
                whose = whose_work(season.rules, author, facts.named.get(commit["sha"], ()), credited)
                verdict = judged(season, terms, commit, whose, facts.landed.get(commit["sha"]))
                if verdict:
                    whom = whose.credit.player_id
                    yield JudgedCopy(whom, terms.position, commit["sha"], trait_of(commit), verdict, whose.sharers)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
