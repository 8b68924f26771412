"""Records, as pure functions over the points of weeks: the best week and month, and the longest run of active weeks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from tgl_protocol.awards import RecordName
from tgl_server.leagues.awarding import month_of, month_weeks

#: A run goes on over weeks without points, so many of them in as many weeks in a row.
BYES: Final = 2
BYES_WITHIN: Final = 12


class PlayedSeason(Struct, frozen=True):
    """A player's points of the settled weeks of one season, of which `weeks` are the season's."""

    player: UUID
    season: int
    first_day: int
    weeks: int
    points: Sequence[int]


class Reached(Struct, frozen=True):
    """A value that may be a record: when it was reached, by the week from 0 with which it began, and the last one."""

    name: RecordName
    player: UUID
    value: int
    season: int
    first: int
    last: int


def records_of(seasons: Iterable[PlayedSeason], wins: Iterable[Reached] = ()) -> list[Reached]:
    """The records of some seasons, and of wins in matches by time; equal players share one, and nobody has one of 0."""
    best: dict[RecordName, list[Reached]] = {}
    for each in (*_reached(seasons), *wins):
        held = best.setdefault(each.name, [])
        if not each.value or (held and each.value < held[0].value):
            continue
        if held and each.value > held[0].value:
            held.clear()
        # Somebody who reaches it again holds it since the first time.
        if all(other.player != each.player for other in held):
            held.append(each)
    return [each for name in RecordName for each in best.get(name, ())]


def _reached(seasons: Iterable[PlayedSeason]) -> Iterator[Reached]:
    for season in sorted(seasons, key=lambda each: (each.season, each.player)):
        for week, points in enumerate(season.points):
            yield Reached(RecordName.BEST_WEEK, season.player, points, season.season, week, week)
        for weeks in month_weeks(season.first_day, season.weeks):
            if weeks.stop <= len(season.points):
                points = sum(season.points[weeks.start : weeks.stop])
                yield Reached(RecordName.BEST_MONTH, season.player, points, season.season, weeks.start, weeks[-1])
        length, first, last = longest_run(season.points)
        yield Reached(RecordName.LONGEST_RUN, season.player, length, season.season, first, last)


def longest_run(points: Sequence[int]) -> tuple[int, int, int]:
    """The active weeks of the longest run, its first week and its last one, from 0; of equal runs the first.

    A run may have two weeks without points in any twelve in a row; it begins and ends with points.
    """
    best, first = (0, 0, 0), 0
    for last, each in enumerate(points):
        if not each:
            continue
        while _too_many_byes(points[first : last + 1]) or not points[first]:
            first += 1
        active = sum(1 for other in points[first : last + 1] if other)
        if active > best[0]:
            best = active, first, last
    return best


def _too_many_byes(points: Sequence[int]) -> bool:
    starts = range(max(1, len(points) - BYES_WITHIN + 1))
    return any(points[start : start + BYES_WITHIN].count(0) > BYES for start in starts)


def month_words(first_day: int, week: int) -> str:
    """The month of a week, like 2026-01."""
    year, month = month_of(first_day, week)
    return f"{year}-{month:02}"
