"""A season computed again, in plain Python, and compared with the stored rows; or stored again from the commits.

A closed season is computed from its ledger: its repositories may be gone, and what arrived later is not its own.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.leagues import SeasonState
from tgl_server.db.engine import Database
from tgl_server.leagues.awarding import Given, awards_of
from tgl_server.leagues.copies import Trait
from tgl_server.leagues.crediting import credits_kept
from tgl_server.leagues.facts import load_facts
from tgl_server.leagues.follower import NAME
from tgl_server.leagues.landing import wrongly_landed
from tgl_server.leagues.matches import Pair, Played, ranks_of
from tgl_server.leagues.models import VERDICTS
from tgl_server.leagues.playing import matches_of, out_of, played_again
from tgl_server.leagues.reference import JudgedCopy, SeasonResult, season_deeds, season_result
from tgl_server.leagues.replay_queries import (
    DAYS,
    HOLD_MARKS,
    LEDGER,
    LOCK,
    ONE_MOMENT,
    STANDINGS,
    STORED_VERDICTS,
    STRUCK,
    WEEKS,
)
from tgl_server.leagues.rescoring import score_season, stored_commits
from tgl_server.leagues.rules import Counting
from tgl_server.leagues.scoring import Judged
from tgl_server.leagues.scoring_queries import COMMITS_SINCE
from tgl_server.leagues.sealing_queries import HELD
from tgl_server.leagues.settling import awards_given, entries_of
from tgl_server.leagues.terms import ScoredSeason, judged, load_season, trait_of, whose_work
from tgl_server.players.identifying import Author

_Matches = list[tuple[Pair, Played | None]]
_Rows = dict[tuple[Any, ...], tuple[Any, ...]]


class Difference(Struct, frozen=True):
    """A row that is not what is computed; a side is None where there is no row."""

    table: str
    key: tuple[Any, ...]
    stored: tuple[Any, ...] | None
    computed: tuple[Any, ...] | None


class Replay(Struct, frozen=True):
    """What a check found; `digest` is a hash of the computed days and places."""

    commits: int
    digest: str
    differences: list[Difference]


async def check_season(database: Database, season_id: UUID) -> Replay:
    """Compute a season without writing, and compare every verdict, day, week, place, award and match."""
    async with database.transaction() as tx:
        await tx.execute(ONE_MOMENT)
        season = await load_season(tx, season_id)
        found = await compute(tx, season)
        matches = await _matches(tx, season, found)
        beside = {"awards": await _awards(tx, season, found, matches), "fixtures": _match_rows(matches)}
        computed = {**tables_of(season, found), **beside}
        stored = await _stored_tables(tx, season)
        landed = await _landed(tx, season)
    differences = [difference for table in computed for difference in _compare(table, stored[table], computed[table])]
    return Replay(len(computed["ledger"]), digest_of(computed), [*landed, *differences])


async def write_season(database: Database, season_id: UUID) -> None:
    """Compute an open season from nothing but the stored commits, and store it; nobody scores it meanwhile."""
    async with database.transaction() as tx:
        await tx.execute(HOLD_MARKS, {"follower": NAME, "season_id": season_id})
        await tx.execute(LOCK, {"season_id": season_id})
        await score_season(tx, await load_season(tx, season_id))


async def compute(tx: AsyncSession, season: ScoredSeason) -> SeasonResult:
    """The season by the Python reference: of its stored commits, or of its ledger if it is closed."""
    struck = set(await tx.scalars(STRUCK, {"season_id": season.id}))
    read = _copies_of_ledger if season.state is SeasonState.CLOSED else _copies_of_commits
    copies = [copy async for copy in read(tx, season)]
    rows = await tx.execute(HELD, {"season_id": season.id})
    held = {(row.player_id, row.sha, row.position): VERDICTS[row.verdict] for row in rows}
    return season_result(season.rules, season.span, season.begun, copies, struck, held)


def tables_of(season: ScoredSeason, found: SeasonResult) -> dict[str, _Rows]:
    """A computed season as rows of its tables, values by key."""
    days: _Rows = {(day.player, day.day): (day.changes, day.value, day.points) for day in found.days}
    played = {(day.player, season.span.week_index(day.day)) for day in found.days}
    weeks = {(player, week): (found.weeks[player][week],) for player, week in played if week < season.begun}
    places = {
        (each.player,): (each.points, tuple(found.weeks[each.player]), each.rank, each.is_tied) for each in found.table
    }
    verdicts = {key: (verdict,) for key, verdict in found.verdicts.items()}
    return {"ledger": {**verdicts}, "player_days": days, "player_weeks": {**weeks}, "standings": {**places}}


def digest_of(tables: dict[str, _Rows]) -> str:
    """A hash of the days and places, in the order of their keys."""
    found = hashlib.sha256()
    for table in ("player_days", "standings"):
        for key, values in sorted(tables[table].items()):
            found.update(msgspec.json.encode([table, *key, *values]) + b"\n")
    return found.hexdigest()


async def _awards(tx: AsyncSession, season: ScoredSeason, found: SeasonResult, matches: _Matches) -> _Rows:
    """The awards of a computed season, with what is stored of its players beside points."""
    if not season.rules.awards:
        return {}
    entries, settled = await entries_of(tx, season.id), season.settled
    deeds = season_deeds(season.span, settled, found, entries, is_first_season=season.number == 1)
    deeds = replace(deeds, matches=ranks_of(played for _, played in matches))
    return _award_rows(awards_of(season.rules, season.span, settled, deeds))


async def _matches(tx: AsyncSession, season: ScoredSeason, found: SeasonResult) -> _Matches:
    """The matches of a computed season, as they were drawn, with the scores of those that are held."""
    scores: dict[int, dict[UUID, int]] = {}
    for player, points in found.weeks.items():
        for week, each in enumerate(points):
            scores.setdefault(week, {})[player] = each
    stored, out = await matches_of(tx, season.id), await out_of(tx, season.id)
    return played_again(stored, scores, out, season.settled)


def _match_rows(matches: Iterable[tuple[Pair, Played | None]]) -> _Rows:
    return {
        (pair.week, pair.home): (
            pair.away,
            *((played.home_score, played.away_score, played.result) if played else (None, None, None)),
        )
        for pair, played in matches
    }


def _award_rows(given: Iterable[Given]) -> _Rows:
    return {(each.name, each.week, each.player): (each.value,) for each in given}


async def _landed(tx: AsyncSession, season: ScoredSeason) -> list[Difference]:
    """What landed otherwise than the history of the default branch says, computed in plain Python."""
    if season.state is SeasonState.CLOSED:
        return []
    repos = [repo_id for repo_id, terms in season.repos.items() if terms.counting is Counting.LANDED]
    return [
        Difference("landed", (repo_id, sha), None if had is None else (had,), (at,))
        for repo_id in repos
        for sha, had, at in await wrongly_landed(tx, repo_id, NAME)
    ]


async def _copies_of_commits(tx: AsyncSession, season: ScoredSeason) -> AsyncIterator[JudgedCopy]:
    credited = await credits_kept(tx, season.id)
    for repo_id, terms in season.repos.items():
        async for commits in stored_commits(tx, COMMITS_SINCE, {"repo_id": repo_id, "since": season.since}):
            facts = await load_facts(tx, season, repo_id, commits)
            for commit in commits:
                # Whoever is not credited is not followed yet, or has no commit of this season.
                author, named = (
                    Author(commit["author_email"], commit["author_name"]),
                    facts.named.get(commit["sha"], ()),
                )
                if not credited.keys() >= {author, *named}:
                    continue
                whose = whose_work(season.rules, author, named, credited)
                verdict = judged(season, terms, commit, whose, facts.landed.get(commit["sha"]))
                if verdict:
                    whom = whose.credit.player_id
                    yield JudgedCopy(whom, terms.position, commit["sha"], trait_of(commit), verdict, whose.sharers)


async def _copies_of_ledger(tx: AsyncSession, season: ScoredSeason) -> AsyncIterator[JudgedCopy]:
    for row in (await tx.execute(LEDGER, {"season_id": season.id})).mappings():
        trait = Trait(row["authored_at"], row["title_key"], row["additions"], row["deletions"], row["files"])
        verdict = Judged(VERDICTS[row["own"]], row["day"], row["value"])
        yield JudgedCopy(row["player_id"], row["position"], row["sha"], trait, verdict, row["sharers"])


async def _stored_tables(tx: AsyncSession, season: ScoredSeason) -> dict[str, _Rows]:
    which = {"season_id": season.id}
    return {
        "ledger": {tuple(row[:3]): (VERDICTS[row[3]],) for row in await tx.execute(STORED_VERDICTS, which)},
        "player_days": {(row[0], row[1]): tuple(row[2:]) for row in await tx.execute(DAYS, which)},
        "player_weeks": {
            (row[0], row[1]): (row[2],) for row in await tx.execute(WEEKS, {**which, "begun": season.begun})
        },
        "awards": _award_rows(await awards_given(tx, season.id)),
        "fixtures": _match_rows((each.pair, each.played) for each in await matches_of(tx, season.id)),
        "standings": {(row[0],): (row[1], tuple(row[2]), row[3], row[4]) for row in await tx.execute(STANDINGS, which)},
    }


def _compare(table: str, stored: _Rows, computed: _Rows) -> Iterator[Difference]:
    for key in sorted(stored.keys() | computed.keys()):
        if stored.get(key) != computed.get(key):
            yield Difference(table, key, stored.get(key), computed.get(key))
