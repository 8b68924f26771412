"""Match weeks of a season: the draw when it opens, and the matches of weeks that are settled.

It happens under the lock of the season's row, like all of scoring.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.leagues import SeasonState
from tgl_protocol.matches import MatchResult
from tgl_server.leagues import awards_queries
from tgl_server.leagues import matches_queries as queries
from tgl_server.leagues.matches import Pair, Played, draw, play, result_of
from tgl_server.leagues.rules import Dates, Fixtures
from tgl_server.leagues.terms import Reader, ScoredSeason


class Stored(Struct, frozen=True):
    """A match as it is stored; `played` is None until its week is settled."""

    pair: Pair
    played: Played | None
    is_held: bool


async def draw_matches(tx: AsyncSession, season: ScoredSeason) -> None:
    """Draw the matches of a season that opens, of those who are there; fewer than three play none."""
    if season.rules.fixtures is Fixtures.OFF:
        return
    which = {"season_id": season.id}
    is_official = season.rules.dates is Dates.WITNESSED
    await tx.execute(queries.ENTER, {**which, "league_id": season.league_id, "is_official": is_official})
    pairs = draw(season.id, list(await tx.scalars(queries.ENTRANTS, which)), season.span.weeks)
    columns = {name: [getattr(pair, name) for pair in pairs] for name in Pair.__struct_fields__}
    await tx.execute(queries.ADD, {**which, **columns})


async def play_matches(
    tx: AsyncSession, season: ScoredSeason, settled: int, *, holds: bool, struck: Collection[UUID]
) -> None:
    """Store what came of the matches of so many weeks; with `holds` those of before keep their scores.

    Whoever hides takes no part, and the scores of whoever was struck are those of now, whatever is held.
    """
    if season.rules.fixtures is Fixtures.OFF:
        return
    which = {"season_id": season.id}
    if season.state is not SeasonState.CLOSED:
        await tx.execute(queries.NOTE_OUT, which)
    stored = await matches_of(tx, season.id)
    scores, out = await week_scores(tx, season, settled), await out_of(tx, season.id)
    found = [
        (each, _again(each, scores, out, struck, holds=holds or each.is_held))
        for each in stored
        if each.pair.week < settled
    ]
    changed = [(now, is_held) for each, (now, is_held) in found if (each.played, each.is_held) != (now, is_held)]
    if not changed:
        return
    columns = {
        "week": [now.pair.week for now, _ in changed],
        "home": [now.pair.home for now, _ in changed],
        "home_score": [now.home_score for now, _ in changed],
        "away_score": [now.away_score for now, _ in changed],
        "result": [now.result for now, _ in changed],
        "is_held": [is_held for _, is_held in changed],
    }
    await tx.execute(queries.SETTLE, {**which, **columns})


def _again(
    each: Stored,
    scores: Mapping[int, Mapping[UUID, int]],
    out: Collection[UUID],
    struck: Collection[UUID],
    *,
    holds: bool,
) -> tuple[Played, bool]:
    """A match by the points of now, or as it was if it is held; and whether that makes a difference."""
    now = play(each.pair, scores.get(each.pair.week, {}), out)
    if not holds or each.played is None or each.played.result is MatchResult.VOID or now.result is MatchResult.VOID:
        return now, False
    held = _held(each.played, now, struck)
    return held, held != now


def _held(before: Played, now: Played, struck: Collection[UUID]) -> Played:
    """A match as it was, but with the scores of now of players who were struck."""
    home = now.home_score if before.pair.home in struck else before.home_score
    away = now.away_score if before.pair.away in struck else before.away_score
    result = before.result if home is None or away is None else result_of(home, away)
    return replace(before, home_score=home, away_score=away, result=result)


async def matches_of(reader: Reader, season_id: UUID) -> list[Stored]:
    """The matches of a season, by week."""
    return [_stored(row) for row in await reader.execute(queries.MATCHES, {"season_id": season_id})]


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    pair = Pair(row.week, row.home, row.away)
    if row.result is None:
        return Stored(pair, None, row.is_held)
    return Stored(pair, Played(pair, row.home_score, row.away_score, MatchResult(row.result)), row.is_held)


async def out_of(reader: Reader, season_id: UUID) -> set[UUID]:
    """The entrants who take no part."""
    return set(await reader.scalars(queries.OUT, {"season_id": season_id}))


async def week_scores(reader: Reader, season: ScoredSeason, settled: int) -> dict[int, dict[UUID, int]]:
    """The points of each week that is settled, by player."""
    scores: dict[int, dict[UUID, int]] = {}
    for row in await reader.execute(awards_queries.WEEKS, {"season_id": season.id, "settled": settled}):
        scores.setdefault(row.week, {})[row.player_id] = row.points
    return scores


def played_again(
    stored: Collection[Stored], scores: Mapping[int, Mapping[UUID, int]], out: Collection[UUID], settled: int
) -> list[tuple[Pair, Played | None]]:
    """What a replay comes to: results of the points of weeks, and of the scores of matches that are held."""
    found: list[tuple[Pair, Played | None]] = []
    for each in stored:
        now = play(each.pair, scores.get(each.pair.week, {}), out) if each.pair.week < settled else None
        if now and each.is_held and each.played:
            now = _held(each.played, now, struck=())
        found.append((each.pair, now))
    return found
