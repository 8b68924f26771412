"""A whole season computed in plain Python from judged copies: what the stored tables are checked against. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.awarding import GLOBETROTTER_DAYS, Deeds, Entry, gardened_lines
from tgl_server.leagues.copies import Trait, closed
from tgl_server.leagues.credit import split
from tgl_server.leagues.rules import Rules
from tgl_server.leagues.scoring import (
    DaySum,
    Judged,
    Placed,
    Rival,
    Span,
    day_points,
    final_verdicts,
    ranked,
    week_points,
)

#: A player, a sha, and the position of the repository.
CopyKey = tuple[UUID, bytes, int]


class JudgedCopy(Struct, frozen=True, gc=False):
    """A stored commit of one player, judged by itself; `sharers` are its credited co-authors."""

    player: UUID
    position: int
    sha: bytes
    trait: Trait
    judged: Judged
    sharers: Sequence[UUID] = ()

    def rival(self) -> Rival:
        lines = self.trait.additions + self.trait.deletions
        return Rival(self.judged.verdict, self.judged.day, lines, self.position, self.sha)


class PlayerDay(Struct, frozen=True):
    """A player's day."""

    player: UUID
    day: int
    changes: int
    value: int
    points: int


class SeasonResult(Struct, frozen=True):
    """The verdict on each copy, by player, sha and position; days; the points of each week begun; and the table.

    `counted` has the copies that count.
    """

    verdicts: dict[CopyKey, CommitVerdict]
    days: list[PlayerDay]
    weeks: dict[UUID, list[int]]
    table: list[Placed]
    counted: list[JudgedCopy]


def season_result(
    rules: Rules,
    span: Span,
    begun: int,
    copies: Iterable[JudgedCopy],
    struck: Collection[bytes] = (),
    held: Mapping[CopyKey, CommitVerdict] | None = None,
) -> SeasonResult:
    """Compute a season; `struck` has a sha of each change that was struck, with all its copies.

    `held` are the verdicts in sealed weeks, which stay: they depend on what had arrived by then.
    """
    kept = held or {}
    verdicts: dict[CopyKey, CommitVerdict] = {}
    sums: dict[tuple[UUID, int], list[int]] = defaultdict(lambda: [0, 0])
    counted: list[JudgedCopy] = []
    for change in changes(copies):
        is_struck = any(copy.sha in struck for copy in change)
        stay = [kept.get((copy.player, copy.sha, copy.position)) for copy in change] if kept else []
        found = final_verdicts([copy.rival() for copy in change], is_struck=is_struck, held=stay)
        for copy, verdict in zip(change, found, strict=True):
            verdicts[copy.player, copy.sha, copy.position] = verdict
            if verdict.counts:
                _add(sums, copy)
                counted.append(copy)
    totals = {of: DaySum(changed, value) for of, (changed, value) in sums.items()}
    return added_up(rules, span, begun, verdicts, totals, counted)


def added_up(
    rules: Rules,
    span: Span,
    begun: int,
    verdicts: dict[CopyKey, CommitVerdict],
    sums: Mapping[tuple[UUID, int], DaySum],
    counted: list[JudgedCopy],
) -> SeasonResult:
    """The days, weeks and places that the sums of players' days come to."""
    days = [
        PlayerDay(player, day, total.changes, total.value, day_points(rules, total))
        for (player, day), total in sorted(sums.items())
    ]
    weeks = _weeks(rules, span, begun, days)
    return SeasonResult(verdicts, days, weeks, ranked(rules, span.weeks, weeks), counted)


def season_deeds(
    span: Span, settled: int, found: SeasonResult, entries: Mapping[UUID, Entry], *, is_first_season: bool
) -> Deeds:
    """What the awards of so many weeks are decided by, of a computed season, but for its matches."""
    gardened: dict[tuple[UUID, int], int] = defaultdict(int)
    partners: dict[tuple[UUID, int], set[UUID]] = defaultdict(set)
    places: dict[tuple[UUID, int], set[int]] = defaultdict(set)
    for copy in found.counted:
        week = span.week_index(copy.judged.day)
        if week >= settled:
            continue
        own = copy.player, week
        gardened[own] += gardened_lines(copy.trait.additions, copy.trait.deletions, copy.judged.value)
        places[copy.player, copy.position].add(copy.judged.day)
        if split(copy.judged.value, len(copy.sharers))[1]:
            partners[own] |= set(copy.sharers)
    often = Counter(player for (player, _), days in places.items() if len(days) >= GLOBETROTTER_DAYS)
    weeks = {day.player: found.weeks[day.player][:settled] for day in found.days if span.week_index(day.day) < settled}
    others = {own: len(shared) for own, shared in partners.items()}
    return Deeds(weeks, gardened, others, often, entries, is_first_season=is_first_season)


def changes(copies: Iterable[JudgedCopy]) -> list[list[JudgedCopy]]:
    """The copies of each change together; a copy that is stored twice is one."""
    by_player: dict[UUID, dict[tuple[bytes, int], JudgedCopy]] = defaultdict(dict)
    for copy in copies:
        by_player[copy.player][copy.sha, copy.position] = copy
    found: list[list[JudgedCopy]] = []
    for own in by_player.values():
        names = closed((copy.sha, copy.trait) for copy in own.values() if is_comparable(copy.judged.verdict))
        together: dict[bytes, list[JudgedCopy]] = defaultdict(list)
        for copy in own.values():
            together[names.get(copy.sha, copy.sha)].append(copy)
        found += together.values()
    return found


def is_comparable(verdict: CommitVerdict) -> bool:
    """True if a commit may be a copy of a change: merges, reverts, empty commits and those of bots never make one."""
    return verdict not in (CommitVerdict.MERGE, CommitVerdict.BOT, CommitVerdict.EMPTY, CommitVerdict.REVERT)


def _add(sums: dict[tuple[UUID, int], list[int]], copy: JudgedCopy) -> None:
    own, part = split(copy.judged.value, len(copy.sharers))
    day = sums[copy.player, copy.judged.day]
    day[0] += 1
    day[1] += own
    for sharer in copy.sharers if part else ():
        sums[sharer, copy.judged.day][1] += part


def _weeks(rules: Rules, span: Span, begun: int, days: Iterable[PlayerDay]) -> dict[UUID, list[int]]:
    together: dict[UUID, dict[int, list[tuple[DaySum, int]]]] = defaultdict(lambda: defaultdict(list))
    for day in days:
        week = together[day.player][span.week_index(day.day)]
        week.append((DaySum(day.changes, day.value), day.points))
    if not begun:
        return {}
    return {
        player: [week_points(rules, weeks.get(index, ())) for index in range(begun)]
        for player, weeks in together.items()
    }
