"""Match weeks, as pure functions: the draw, results, the game against the median, and the table of matches.

The margin, the points and the game against the median belong to engine 1 of the rules. Scores are points of weeks.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tgl_protocol.matches import MatchResult

#: A match is drawn unless somebody is ahead by more; against the median half of it counts.
MARGIN: Final = 3
WIN: Final = 3
DRAW: Final = 1
#: Fewer entrants play no matches.
LEAST_ENTRANTS: Final = 3


class Pair(Struct, frozen=True, order=True):
    """Who plays whom in a week, from 0; without `away` it is a bye."""

    week: int
    home: UUID
    away: UUID | None


class Played(Struct, frozen=True):
    """A match that was settled; somebody who is out has no score."""

    pair: Pair
    home_score: int | None
    away_score: int | None
    result: MatchResult


class Line(Struct, frozen=True, kw_only=True):
    """An entrant's line in the table of matches."""

    entrant: UUID
    rank: int = 0
    is_tied: bool = False
    won: int = 0
    drawn: int = 0
    lost: int = 0
    median_points: int = 0
    difference: int = 0
    scored: int = 0

    @property
    def points(self) -> int:
        return WIN * self.won + DRAW * self.drawn + self.median_points


def draw(season_id: UUID, entrants: Collection[UUID], weeks: int) -> list[Pair]:
    """The matches of a season, by the circle method; the same ones for the same ids, on any machine.

    When everybody has played everybody it begins again, with home and away changed.
    """
    if len(entrants) < LEAST_ENTRANTS:
        return []
    order: list[UUID | None] = [*sorted(entrants, key=lambda entrant: _lot(season_id, entrant))]
    if len(order) % 2:
        order.append(None)
    rounds = len(order) - 1
    return [pair for week in range(weeks) for pair in _round(order, week, is_back=week // rounds % 2 == 1)]


def _lot(season_id: UUID, entrant: UUID) -> bytes:
    return hashlib.sha256(f"{season_id}{entrant}".encode()).digest()


def _round(order: Sequence[UUID | None], week: int, *, is_back: bool) -> list[Pair]:
    """The matches of a week: the first entrant stays, and the others turn by one place each week."""
    turned = week % (len(order) - 1)
    others = order[1:]
    circle = [order[0], *others[turned:], *others[:turned]]
    found = []
    for place in range(len(circle) // 2):
        one, other = circle[place], circle[-1 - place]
        # The one who stays would always be at home.
        if is_back ^ (place == 0 and turned % 2 == 1):
            one, other = other, one
        home, away = (one, other) if one is not None else (other, None)
        assert home is not None, "there is one bye at most"
        found.append(Pair(week, home, away))
    return sorted(found, key=lambda pair: (pair.week, pair.home))


def play(pair: Pair, scores: Mapping[UUID, int], out: Collection[UUID]) -> Played:
    """What comes of a match by the points of its week; those who are out take no part."""
    home = None if pair.home in out else scores.get(pair.home, 0)
    away = None if pair.away is None or pair.away in out else scores.get(pair.away, 0)
    if pair.away is None:
        return Played(pair, home, None, MatchResult.BYE)
    if home is None or away is None:
        return Played(pair, home, away, MatchResult.VOID)
    return Played(pair, home, away, result_of(home, away))


def result_of(home: int, away: int) -> MatchResult:
    """The result of a match that both play."""
    if not home and not away:
        return MatchResult.NOTHING
    if abs(home - away) <= MARGIN:
        return MatchResult.DRAW
    return MatchResult.HOME if home > away else MatchResult.AWAY


def median_points(scores: Mapping[UUID, int]) -> dict[UUID, int]:
    """The points of the game of each entrant against the median of a week; none for a week without points."""
    order = sorted(scores.values())
    twice = order[(len(order) - 1) // 2] + order[len(order) // 2] if order else 0
    return {entrant: _against(score, twice) for entrant, score in scores.items()}


def _against(score: int, twice_the_median: int) -> int:
    ahead = 2 * score - twice_the_median
    if not score or ahead < -MARGIN:
        return 0
    return WIN if ahead > MARGIN else DRAW


def match_table(played: Iterable[Played]) -> list[Line]:
    """The table of matches: points, difference, points scored, then the matches between those who are equal."""
    matches = list(played)
    sums: dict[UUID, Counter[str]] = defaultdict(Counter)
    weeks: dict[int, dict[UUID, int]] = defaultdict(dict)
    for match in matches:
        sides = (
            (match.pair.home, match.home_score, match.away_score),
            (match.pair.away, match.away_score, match.home_score),
        )
        for entrant, own, other in sides:
            if entrant is None or own is None:
                continue
            weeks[match.pair.week][entrant] = own
            _count(sums[entrant], match, entrant == match.pair.home, own, other)
    for scores in weeks.values():
        for entrant, points in median_points(scores).items():
            sums[entrant]["median_points"] += points
    return _ranked([_line(entrant, counts) for entrant, counts in sums.items()], matches)


def ranks_of(played: Iterable[Played | None]) -> dict[UUID, tuple[int, int]]:
    """Rank and points of each entrant after the matches that were played."""
    return {line.entrant: (line.rank, line.points) for line in match_table(each for each in played if each)}


def _line(entrant: UUID, counts: Mapping[str, int]) -> Line:
    names = "won", "drawn", "lost", "median_points", "difference", "scored"
    won, drawn, lost, median, difference, scored = (counts[name] for name in names)
    return Line(
        entrant=entrant, won=won, drawn=drawn, lost=lost, median_points=median, difference=difference, scored=scored
    )


def _count(counts: Counter[str], match: Played, is_home: bool, own: int, other: int | None) -> None:
    if other is None:
        return
    counts["scored"] += own
    counts["difference"] += own - other
    if match.result is MatchResult.DRAW:
        counts["drawn"] += 1
    elif match.result is not MatchResult.NOTHING:
        counts["won" if (match.result is MatchResult.HOME) is is_home else "lost"] += 1


def _ranked(lines: Sequence[Line], matches: Sequence[Played]) -> list[Line]:
    equal: dict[tuple[int, int, int], list[UUID]] = defaultdict(list)
    for line in lines:
        equal[line.points, line.difference, line.scored].append(line.entrant)
    keys = {}
    for line in lines:
        first = line.points, line.difference, line.scored
        keys[line.entrant] = (*first, _between(line.entrant, set(equal[first]), matches))
    order = sorted(keys.values(), reverse=True)
    rank = {key: place for place, key in reversed(list(enumerate(order, start=1)))}
    shared = Counter(order)
    return sorted(
        (replace(line, rank=rank[keys[line.entrant]], is_tied=shared[keys[line.entrant]] > 1) for line in lines),
        key=lambda line: (line.rank, line.entrant),
    )


def _between(entrant: UUID, equal: Collection[UUID], matches: Iterable[Played]) -> int:
    """The points of an entrant in matches against those who are equal."""
    points = 0
    for match in matches:
        pair = match.pair
        if pair.home in equal and pair.away in equal and entrant in (pair.home, pair.away):
            won = MatchResult.HOME if entrant == pair.home else MatchResult.AWAY
            points += WIN * (match.result is won) + DRAW * (match.result is MatchResult.DRAW)
    return points
