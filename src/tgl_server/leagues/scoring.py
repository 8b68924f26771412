"""The formulas of a season, as pure functions over integers: days, verdicts, points, ranks.

The scorer judges each commit with `judge`. Sets are computed by SQL in `queries.py`; what it must come to is here, and
tests compare the two. `//` and `%` are floor functions; PostgreSQL's truncate, so it has functions of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from msgspec import Struct

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.rules import Counting, Dates, Late, Rules

DAY: Final = 86400
#: Day 0, 1 January 1970, is a Thursday.
_EPOCH: Final = date(1970, 1, 1).toordinal()


def day_of(second: int, offset_minutes: int) -> int:
    """The league's day of a moment: days since 1 January 1970 by a clock that is ahead of UTC by the offset."""
    return (second + 60 * offset_minutes) // DAY


def week_of(day: int) -> int:
    """The week of a day; weeks begin on Monday."""
    return (day + 3) // 7


def to_day(when: date) -> int:
    """The number of a calendar day."""
    return when.toordinal() - _EPOCH


def to_date(day: int) -> date:
    """The calendar day of a number."""
    return date.fromordinal(day + _EPOCH)


class Span(Struct, frozen=True):
    """The days of a season: its first, a Monday; its weeks; and the second at which each week closes."""

    first_day: int
    weeks: int
    closes: tuple[int, ...]

    @property
    def last_day(self) -> int:
        return self.first_day + 7 * self.weeks - 1

    def week_index(self, day: int) -> int:
        """The season's week that a day is in, from 0; negative before the season."""
        return week_of(day) - week_of(self.first_day)

    def begun(self, second: int, offset_minutes: int) -> int:
        """The number of weeks that have begun at a moment."""
        return max(0, min(self.weeks, self.week_index(day_of(second, offset_minutes)) + 1))


def closing_second(rules: Rules, week: int) -> int:
    """The first second after a week (as `week_of` counts them) and the days of grace."""
    return (7 * (week + 1) - 3 + rules.grace_days) * DAY - 60 * rules.day_offset_minutes


def span_of(rules: Rules, starts: date, weeks: int) -> Span:
    """The span of a season that no week of which was extended."""
    first = to_day(starts)
    return Span(first, weeks, tuple(closing_second(rules, week_of(first) + index) for index in range(weeks)))


class Terms(Struct, frozen=True):
    """What a league says of one of its repositories; seconds, and the first day from which its commits count."""

    position: int
    counts_from: int
    taken_in: int
    trusted_until: int | None = None
    counting: Counting = Counting.PUSHED


class Seen(Struct, frozen=True, gc=False):
    """What is judged of a stored commit; `landed` is the second at which the default branch first contained it.

    `generated` are those of its lines that are in generated, vendored and lock files.
    """

    authored: int
    arrived: int
    additions: int
    deletions: int
    files: int
    is_merge: bool
    is_revert: bool
    is_bot: bool = False
    opted_out: bool = False
    generated: int = 0
    landed: int | None = None


class Judged(Struct, frozen=True, gc=False):
    """The verdict on a commit by itself, before its copies are known, with its score day and value."""

    verdict: CommitVerdict
    day: int
    value: int


def judge(rules: Rules, span: Span, terms: Terms, seen: Seen) -> Judged | None:
    """The verdict on one commit by itself, or None if it is not of this season.

    A commit is of the season of its score day; one that was written in a season and has its day after it is too late.
    """
    authored = day_of(seen.authored, rules.day_offset_minutes)
    day, timing = _score_day(rules, span, terms, seen, authored)
    if day < span.first_day or authored < min(terms.counts_from, span.first_day):
        return None
    if day > span.last_day:
        if authored > span.last_day:
            return None
        timing = CommitVerdict.TOO_LATE
    value = min(rules.line_cap, max(0, seen.additions + seen.deletions - seen.generated))
    return Judged(_disqualified(terms, seen, authored) or timing, day, value)


def _score_day(rules: Rules, span: Span, terms: Terms, seen: Seen, authored: int) -> tuple[int, CommitVerdict]:
    """The score day, and what is to be said of the time."""
    if terms.counting is Counting.LANDED and seen.landed is None:
        return authored, CommitVerdict.NOT_LANDED
    if rules.dates is Dates.AS_WRITTEN:
        return authored, CommitVerdict.COUNTED
    second = _arrival(terms, seen)
    arrived = day_of(second, rules.day_offset_minutes)
    if authored > arrived:
        return arrived, CommitVerdict.FUTURE
    if second < _closes(rules, span, authored):
        return authored, CommitVerdict.COUNTED
    if rules.late is Late.VOID:
        return arrived, CommitVerdict.TOO_LATE
    day = arrived - (arrived - authored) % 7
    return day if day >= span.first_day else arrived, CommitVerdict.LATE


def _arrival(terms: Terms, seen: Seen) -> int:
    """The second of arrival: never before the league took the repository in, unless older dates are trusted."""
    if terms.trusted_until is not None and seen.authored <= terms.trusted_until:
        return seen.authored
    landed = seen.landed if terms.counting is Counting.LANDED else None
    return max(seen.arrived if landed is None else landed, terms.taken_in)


def _closes(rules: Rules, span: Span, day: int) -> int:
    index = span.week_index(day)
    return span.closes[index] if 0 <= index < span.weeks else closing_second(rules, week_of(day))


def _disqualified(terms: Terms, seen: Seen, authored: int) -> CommitVerdict | None:
    if authored < terms.counts_from:
        return CommitVerdict.BEFORE_REPO
    if seen.is_merge:
        return CommitVerdict.MERGE
    if seen.opted_out:
        return CommitVerdict.OPTED_OUT
    if seen.is_bot:
        return CommitVerdict.BOT
    if seen.files == 0:
        return CommitVerdict.EMPTY
    return CommitVerdict.REVERT if seen.is_revert else None


class Rival(Struct, frozen=True, gc=False):
    """A copy, as the rules choose the one that counts among them."""

    verdict: CommitVerdict
    day: int
    lines: int
    position: int
    sha: bytes

    def rank(self) -> tuple[int, int, int, bytes]:
        """The least one wins: the earliest day, the most lines, the first repository, the least sha."""
        return self.day, -self.lines, self.position, self.sha


def final_verdicts(
    copies: Sequence[Rival], *, is_struck: bool = False, held: Sequence[CommitVerdict | None] = ()
) -> list[CommitVerdict]:
    """The verdict on each copy of one change: of those that count, one does, and the others are copies.

    `held` has a verdict for each copy in a sealed week, which stays; where one of them counts, no other copy does.
    """
    if is_struck:
        return [CommitVerdict.STRUCK] * len(copies)
    kept = held or [None] * len(copies)
    counts_already = any(verdict is not None and verdict.counts for verdict in kept)
    free = (copy for copy, verdict in zip(copies, kept, strict=True) if copy.verdict.counts and verdict is None)
    winner = None if counts_already else min(free, key=Rival.rank, default=None)
    return [
        verdict or (CommitVerdict.COPY if copy.verdict.counts and copy is not winner else copy.verdict)
        for copy, verdict in zip(copies, kept, strict=True)
    ]


class DaySum(Struct, frozen=True, gc=False):
    """What a player's day adds up to: changes of their own, and the value of all lines."""

    changes: int
    value: int


def day_points(rules: Rules, total: DaySum) -> int:
    """The points of a day: a step for its lines, and a step for its changes."""
    lines = _stepped(rules.line_steps, rules.line_points, total.value)
    return lines + _stepped(rules.commit_steps, rules.commit_points, total.changes)


def _stepped(steps: Sequence[int], points: Sequence[int], reached: int) -> int:
    passed = sum(step <= reached for step in steps)
    return points[passed - 1] if passed else 0


def week_points(rules: Rules, days: Iterable[tuple[DaySum, int]]) -> int:
    """The points of a week, from the sum and the points of each day: the best days count.

    Of the days without a change of one's own, which have co-authored lines alone, only the best one counts.
    """
    own: list[int] = []
    shared = [0]
    for total, points in days:
        (own if total.changes else shared).append(points)
    return sum(sorted([*own, max(shared)], reverse=True)[: rules.best_days])


def season_points(rules: Rules, weeks: int, points: Sequence[int]) -> int:
    """The points after the weeks that have begun, of which `points` has one each: the weakest are left out."""
    return sum(sorted(points, reverse=True)[: kept_weeks(rules, weeks, len(points))])


def kept_weeks(rules: Rules, weeks: int, begun: int) -> int:
    """The number of weeks that count when so many of a season's weeks have begun."""
    return begun - begun * rules.drops(weeks) // weeks


class Placed(Struct, frozen=True):
    """A player's place: equal ones share a rank."""

    player: UUID
    points: int
    rank: int
    is_tied: bool


def ranked(rules: Rules, weeks: int, points: Mapping[UUID, Sequence[int]]) -> list[Placed]:
    """Everybody's place by season points, then by all their week points, the greatest first."""
    keys = {player: (season_points(rules, weeks, each), *sorted(each, reverse=True)) for player, each in points.items()}
    order = sorted(keys.values(), reverse=True)
    first = {key: place for place, key in reversed(list(enumerate(order, start=1)))}
    shared = Counter(order)
    placed = [Placed(player, key[0], first[key], shared[key] > 1) for player, key in keys.items()]
    return sorted(placed, key=lambda place: (place.rank, place.player))
