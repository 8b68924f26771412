"""Who gets which award, as pure functions over what a season has come to; players who are equal share an award.

Awards are given for weeks that are settled: sealed, or over where dates count as they are written. What is known of
players beside their points is in their entries, which are stored, so a replay comes to the same awards.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from tgl_protocol.awards import AwardName
from tgl_server.leagues.rules import Dates, Rules
from tgl_server.leagues.scoring import Span, ranked, to_date

#: In fewer players nobody is the best: official seasons then give no award. One is enough for an exhibition.
LEAST_PLAYERS: Final = 3
_ROOKIE_WEEKS: Final = 4
_IMPROVED_WEEKS: Final = 6
_EMPTY_WEEKS: Final = 4
_COMEBACK_WEEKS: Final = 3
_LEAST_REPOS: Final = 2
#: So many days with changes that count make a repository one of a globetrotter's.
GLOBETROTTER_DAYS: Final = 3


class Entry(Struct, frozen=True):
    """What a season knows of a player beside points.

    No award of the week `barred_from`, or of a later one, is theirs. `earlier` is the number of the league's earlier
    seasons with points of theirs, and `last_weeks` has their week points of the last one.
    """

    barred_from: int | None = None
    earlier: int = 0
    last_weeks: tuple[int, ...] = ()


class Deeds(Struct, frozen=True):
    """What awards are decided by: points of each settled week, and counts by player and week, or by player."""

    weeks: Mapping[UUID, Sequence[int]]
    gardened: Mapping[tuple[UUID, int], int] = {}
    partners: Mapping[tuple[UUID, int], int] = {}
    repos: Mapping[UUID, int] = {}
    entries: Mapping[UUID, Entry] = {}
    is_first_season: bool = False
    #: Rank and points of each entrant in the table of matches.
    matches: Mapping[UUID, tuple[int, int]] = {}

    def entry(self, player: UUID) -> Entry:
        return self.entries.get(player) or Entry()


class Given(Struct, frozen=True, order=True):
    """An award that somebody gets with the end of a week, from 0; `value` is what decided."""

    name: AwardName
    week: int
    player: UUID
    value: int


def gardened_lines(additions: int, deletions: int, value: int) -> int:
    """The lines that a change deletes beyond those it adds, at most its value: negative for one that adds more."""
    return max(-value, min(value, deletions - additions))


def month_of(first_day: int, week: int) -> tuple[int, int]:
    """The year and month of a season's week, from 0: those of its Thursday."""
    thursday = to_date(first_day + 7 * week) + timedelta(days=3)
    return thursday.year, thursday.month


def month_weeks(first_day: int, weeks: int) -> list[range]:
    """The weeks of each month of a season."""
    months: dict[tuple[int, int], list[int]] = {}
    for week in range(weeks):
        months.setdefault(month_of(first_day, week), []).append(week)
    return [range(own[0], own[-1] + 1) for own in months.values()]


def awards_of(rules: Rules, span: Span, settled: int, deeds: Deeds) -> list[Given]:
    """All awards of a season with so many settled weeks, by the rules."""
    found = [*_of_weeks(deeds, settled), *_of_months(span, deeds, settled)]
    if settled == span.weeks:
        found += _of_season(rules, span, deeds)
    least = 1 if rules.dates is Dates.AS_WRITTEN else LEAST_PLAYERS
    kept = [each for each in found if each.name in rules.awards and len(_played(deeds, each.weeks)) >= least]
    return sorted(given for each in kept for given in _winners(deeds, each))


class _Contest(Struct, frozen=True):
    """What an award of some weeks is decided by: the greatest value above 0 wins."""

    name: AwardName
    weeks: range
    values: Mapping[UUID, int]


def _winners(deeds: Deeds, contest: _Contest) -> Iterator[Given]:
    last = contest.weeks[-1]
    able = {player: value for player, value in contest.values.items() if _may_win(deeds.entry(player), last)}
    most = max(able.values(), default=0)
    if most > 0:
        yield from (Given(contest.name, last, player, value) for player, value in able.items() if value == most)


def _may_win(entry: Entry, week: int) -> bool:
    return entry.barred_from is None or week < entry.barred_from


def _played(deeds: Deeds, weeks: range) -> set[UUID]:
    return {player for player, points in deeds.weeks.items() if any(points[week] for week in weeks)}


def _of_weeks(deeds: Deeds, settled: int) -> Iterator[_Contest]:
    for week in range(settled):
        only = range(week, week + 1)
        points = {player: each[week] for player, each in deeds.weeks.items()}
        yield _Contest(AwardName.PLAYER_OF_THE_WEEK, only, points)
        new = {player: each for player, each in points.items() if _is_debut(deeds, player, week)}
        # Where everybody is new, nobody makes a debut.
        yield _Contest(AwardName.DEBUT, only, {} if deeds.is_first_season and week == 0 else new)
        yield _Contest(AwardName.GARDENER, only, _in_week(deeds.gardened, week))
        yield _Contest(AwardName.PLAYMAKER, only, _in_week(deeds.partners, week))


def _is_debut(deeds: Deeds, player: UUID, week: int) -> bool:
    return not deeds.entry(player).earlier and not any(deeds.weeks[player][:week])


def _in_week(values: Mapping[tuple[UUID, int], int], week: int) -> dict[UUID, int]:
    return {player: value for (player, at), value in values.items() if at == week}


def _of_months(span: Span, deeds: Deeds, settled: int) -> Iterator[_Contest]:
    for weeks in month_weeks(span.first_day, span.weeks):
        if weeks.stop <= settled:
            points = {player: sum(each[weeks.start : weeks.stop]) for player, each in deeds.weeks.items()}
            yield _Contest(AwardName.PLAYER_OF_THE_MONTH, weeks, points)


def _of_season(rules: Rules, span: Span, deeds: Deeds) -> list[_Contest]:
    entries = {player: deeds.entry(player) for player in deeds.weeks}
    whole = range(span.weeks)

    def contest(name: AwardName, value: Callable[[UUID], int], players: Iterable[UUID] = entries) -> _Contest:
        return _Contest(name, whole, {player: value(player) for player in players})

    rookies = [player for player, entry in entries.items() if not entry.earlier]
    return [
        _Contest(AwardName.CHAMPION, whole, _champions(rules, span, deeds)),
        _Contest(AwardName.MATCH_CHAMPION, whole, _firsts(span, deeds, deeds.matches)),
        contest(AwardName.IRON, lambda player: sum(1 for each in deeds.weeks[player] if each)),
        contest(
            AwardName.ROOKIE,
            lambda player: sum(sorted(deeds.weeks[player], reverse=True)[:_ROOKIE_WEEKS]),
            () if deeds.is_first_season else rookies,
        ),
        contest(AwardName.MOST_IMPROVED, lambda player: improved(entries[player].last_weeks, deeds.weeks[player])),
        _Contest(
            AwardName.GLOBETROTTER,
            whole,
            {player: repos for player, repos in deeds.repos.items() if repos >= _LEAST_REPOS},
        ),
        contest(AwardName.COMEBACK, lambda player: comeback(entries[player].earlier > 0, deeds.weeks[player])),
    ]


def _champions(rules: Rules, span: Span, deeds: Deeds) -> dict[UUID, int]:
    """The points of the first rank, of those who may win: equal points alone do not share it."""
    places = ranked(rules, span.weeks, deeds.weeks)
    return _firsts(span, deeds, {place.player: (place.rank, place.points) for place in places})


def _firsts(span: Span, deeds: Deeds, places: Mapping[UUID, tuple[int, int]]) -> dict[UUID, int]:
    able = {player: each for player, each in places.items() if _may_win(deeds.entry(player), span.weeks - 1)}
    first = min((rank for rank, _ in able.values()), default=0)
    # Shared among equal ranks alone: their points are equal.
    return {player: points for player, (rank, points) in able.items() if rank == first}


def improved(before: Sequence[int], now: Sequence[int]) -> int:
    """By how many half points the median week with points grew; 0 with fewer than six such weeks in either season."""
    medians = [_twice_the_median([each for each in weeks if each]) for weeks in (before, now)]
    return 0 if None in medians else max(0, (medians[1] or 0) - (medians[0] or 0))


def _twice_the_median(points: Collection[int]) -> int | None:
    if len(points) < _IMPROVED_WEEKS:
        return None
    order = sorted(points)
    return order[(len(order) - 1) // 2] + order[len(order) // 2]


def comeback(has_played: bool, weeks: Sequence[int]) -> int:
    """The points of the best three weeks in a row after four empty ones, of somebody who had points before; or 0."""
    best = 0
    for start in range(_EMPTY_WEEKS, len(weeks) - _COMEBACK_WEEKS + 1):
        is_back = weeks[start] and not any(weeks[start - _EMPTY_WEEKS : start])
        if is_back and (has_played or any(weeks[: start - _EMPTY_WEEKS])):
            best = max(best, sum(weeks[start : start + _COMEBACK_WEEKS]))
    return best
