"""A season computed again and compared with the stored rows, or stored again from the commits.

A check judges all commits by one statement and leaves the copies among them, points and places to the Python reference.

A closed season is computed from its ledger: its repositories may be gone, and what arrived later is not its own.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.leagues import CommitVerdict, SeasonState
from tgl_server.db.engine import Database
from tgl_server.leagues.awarding import Given, awards_of
from tgl_server.leagues.copies import Trait, closed
from tgl_server.leagues.crediting import credits_kept
from tgl_server.leagues.follower import NAME
from tgl_server.leagues.judging import commits_naming, given, whose
from tgl_server.leagues.landing import wrongly_landed
from tgl_server.leagues.matches import Pair, Played, ranks_of
from tgl_server.leagues.models import VERDICT_CODES, VERDICTS
from tgl_server.leagues.playing import matches_of, out_of, played_again
from tgl_server.leagues.reference import JudgedCopy, SeasonResult, added_up, is_comparable, season_deeds
from tgl_server.leagues.replay_queries import (
    COUNT,
    COUNTED,
    DAYS,
    DECIDE,
    DIFFERENT,
    DOUBTFUL,
    HOLD_MARKS,
    LOCK,
    MAKE_REPLAYED,
    ONE_MOMENT,
    REPLAY_COMMITS,
    REPLAY_LEDGER,
    STANDINGS,
    SUMS,
    WEEKS,
)
from tgl_server.leagues.rescoring import score_season
from tgl_server.leagues.rules import Counting
from tgl_server.leagues.scoring import DaySum, Judged, Rival, final_verdicts
from tgl_server.leagues.scoring_queries import MORE_MEMORY
from tgl_server.leagues.settling import awards_given, entries_of
from tgl_server.leagues.terms import ScoredSeason, load_season

_Matches = list[tuple[Pair, Played | None]]
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


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
    """Compute a season beside the stored rows, and compare every verdict, day, week, place, award and match."""
    async with database.transaction() as tx:
        await tx.execute(ONE_MOMENT)
        await tx.execute(MORE_MEMORY)
        season = await load_season(tx, season_id)
        commits, verdicts = await _verdicts(tx, season)
        found = await _totals(tx, season)
        matches = await _matches(tx, season, found)
        beside = {"awards": await _awards(tx, season, found, matches), "fixtures": _match_rows(matches)}
        computed = {**tables_of(season, found), **beside}
        stored = await _stored_tables(tx, season)
        landed = await _landed(tx, season)
    differences = [difference for table in computed for difference in _compare(table, stored[table], computed[table])]
    return Replay(commits, digest_of(computed), [*landed, *verdicts, *differences])


async def write_season(database: Database, season_id: UUID) -> None:
    """Compute an open season from nothing but the stored commits, and store it; nobody scores it meanwhile."""
    async with database.transaction() as tx:
        await tx.execute(HOLD_MARKS, {"follower": NAME, "season_id": season_id})
        await tx.execute(LOCK, {"season_id": season_id})
        await score_season(tx, await load_season(tx, season_id))


async def _verdicts(tx: AsyncSession, season: ScoredSeason) -> tuple[int, list[Difference]]:
    """The number of commits that are judged, and where the verdict on one is another than the stored one.

    Sets are judged and compared in SQL. Of the commits those that may be copies come here, or were struck: few.
    """
    which = {"season_id": season.id}
    await tx.execute(MAKE_REPLAYED)
    if season.state is SeasonState.CLOSED:
        await tx.execute(REPLAY_LEDGER, which)
    else:
        repo_ids = list(season.repos)
        credited = await credits_kept(tx, season.id)
        naming = await commits_naming(tx, season, repo_ids)
        works = whose(season, naming, credited)
        await tx.execute(REPLAY_COMMITS, {**which, **given(season, repo_ids, credited, naming, works)})
    await _decide(tx, season)
    different = (await tx.execute(DIFFERENT)).all()
    return await tx.scalar(COUNT), [
        Difference("ledger", tuple(row[:3]), _verdict(row.stored), _verdict(row.verdict)) for row in different
    ]


async def _decide(tx: AsyncSession, season: ScoredSeason) -> None:
    """Find the copies of each change by the reference, and which of them counts."""
    rows = (await tx.execute(DOUBTFUL, {"season_id": season.id})).all()
    decided = [
        (row.player_id, row.sha, row.position, VERDICT_CODES[verdict])
        for _, own in groupby(rows, key=lambda row: row.player_id)
        for change in _changes(list(own))
        for row, verdict in zip(change, _final(change), strict=True)
    ]
    if decided:
        names = "player_id", "sha", "position", "verdict"
        await tx.execute(DECIDE, dict(zip(names, map(list, zip(*decided, strict=True)), strict=True)))


def _changes(rows: Sequence[Row[Any]]) -> Iterable[list[Row[Any]]]:
    """A player's rows, those of each change together."""
    names = closed(
        (row.sha, Trait(row.authored_at, row.title_key, row.additions, row.deletions, row.files))
        for row in rows
        if is_comparable(VERDICTS[row.own])
    )
    together: dict[bytes, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        together[names.get(row.sha, row.sha)].append(row)
    return together.values()


def _final(change: Sequence[Row[Any]]) -> list[CommitVerdict]:
    rivals = [Rival(VERDICTS[row.own], row.day, row.additions + row.deletions, row.position, row.sha) for row in change]
    held = [VERDICTS[row.stored] if row.is_held else None for row in change]
    return final_verdicts(rivals, is_struck=any(row.is_struck for row in change), held=held)


async def _totals(tx: AsyncSession, season: ScoredSeason) -> SeasonResult:
    """The points of days, weeks and places by the reference, from the sums of days."""
    sums = {(row.player_id, row.day): DaySum(row.changes, row.value) for row in await tx.execute(SUMS)}
    return added_up(season.rules, season.span, season.begun, {}, sums, await _counted(tx, season))


async def _counted(tx: AsyncSession, season: ScoredSeason) -> list[JudgedCopy]:
    """The commits that count, where awards are decided by them."""
    return [
        JudgedCopy(
            row.player_id,
            row.position,
            row.sha,
            Trait(row.authored_at, row.title_key, row.additions, row.deletions, row.files),
            Judged(VERDICTS[row.own], row.day, row.value),
            row.sharers,
        )
        for row in (await tx.execute(COUNTED) if season.rules.awards else ())
    ]


def _verdict(code: int | None) -> tuple[CommitVerdict] | None:
    return None if code is None else (VERDICTS[code],)


def tables_of(season: ScoredSeason, found: SeasonResult) -> dict[str, Rows]:
    """A computed season as rows of its tables, values by key."""
    days: Rows = {(day.player, day.day): (day.changes, day.value, day.points) for day in found.days}
    played = {(day.player, season.span.week_index(day.day)) for day in found.days}
    weeks: Rows = {(player, week): (found.weeks[player][week],) for player, week in played if week < season.begun}
    places: Rows = {
        (each.player,): (each.points, tuple(found.weeks[each.player]), each.rank, each.is_tied) for each in found.table
    }
    return {"player_days": days, "player_weeks": weeks, "standings": places}


def digest_of(tables: dict[str, Rows]) -> str:
    """A hash of the days and places, in the order of their keys."""
    found = hashlib.sha256()
    for table in ("player_days", "standings"):
        for key, values in sorted(tables[table].items()):
            found.update(msgspec.json.encode([table, *key, *values]) + b"\n")
    return found.hexdigest()


async def _awards(tx: AsyncSession, season: ScoredSeason, found: SeasonResult, matches: _Matches) -> Rows:
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


def _match_rows(matches: Iterable[tuple[Pair, Played | None]]) -> Rows:
    return {
        (pair.week, pair.home): (
            pair.away,
            *((played.home_score, played.away_score, played.result) if played else (None, None, None)),
        )
        for pair, played in matches
    }


def _award_rows(given: Iterable[Given]) -> Rows:
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


async def _stored_tables(tx: AsyncSession, season: ScoredSeason) -> dict[str, Rows]:
    which = {"season_id": season.id}
    return {
        "player_days": {(row[0], row[1]): tuple(row[2:]) for row in await tx.execute(DAYS, which)},
        "player_weeks": {
            (row[0], row[1]): (row[2],) for row in await tx.execute(WEEKS, {**which, "begun": season.begun})
        },
        "awards": _award_rows(await awards_given(tx, season.id)),
        "fixtures": _match_rows((each.pair, each.played) for each in await matches_of(tx, season.id)),
        "standings": {(row[0],): (row[1], tuple(row[2]), row[3], row[4]) for row in await tx.execute(STANDINGS, which)},
    }


def _compare(table: str, stored: Rows, computed: Rows) -> Iterator[Difference]:
    for key in sorted(stored.keys() | computed.keys()):
        if stored.get(key) != computed.get(key):
            yield Difference(table, key, stored.get(key), computed.get(key))
