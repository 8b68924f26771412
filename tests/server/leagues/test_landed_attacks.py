"""What attempts at gaming gain where commits count when they land, and where lines of generated files are known."""

import pytest
from msgspec.structs import replace

from tests.server.leagues.test_attacks import CASES, CEILING, HONEST
from tests.support.seasons import Work, again, honest, score, week_of, work
from tgl_server.leagues.rules import Counting


def landed(commits: list[Work], day: int | None = None) -> list[Work]:
    """Commits that landed when they arrived, or all on one day."""
    arrived = [each.day if each.arrived is None else each.arrived for each in commits]
    return [replace(each, landed=on if day is None else day) for each, on in zip(commits, arrived, strict=True)]


def reviewed(attempt: list[Work]) -> list[Work]:
    """What a review lets in: of each day one squash merge, of a size that somebody reads."""
    days = {each.day: each for each in attempt if each.files and not each.is_merge}
    squashes = [
        again(days[day], title=f"Squash of {day}", second=90, lines=(min(320, _lines_of(attempt, day)), 0), landed=day)
        for day in sorted(days)
    ]
    return [*attempt, *squashes]


def _lines_of(attempt: list[Work], day: int) -> int:
    """The lines of a day, of copies once."""
    of_day = sorted((sum(each.lines), each.title) for each in attempt if each.day == day)
    return sum({title: lines for lines, title in of_day}.values())


#: What landed: everything as it arrived, or one squash merge a day that a review let in.
LANDED: dict[str, tuple[int, int]] = {
    "the honest week": (HONEST, 33),
    "60 lines a day as 60 commits": (51, 33),
    "vendored import of 100,000 lines": (49, 41),
    "reformat 5,000 + 5,000 lines": (49, 41),
    "add and delete 1000 lines, ten times a day": (CEILING, 57),
    "1000 empty commits": (HONEST, 33),
    "script: 24 one-line commits a day": (42, 24),
    "one trivial commit on all 7 days": (9, 9),
    "branch rebased ten times": (HONEST, 33),
    "repository registered three times": (HONEST, 33),
    "copies poisoned under a victim's address": (HONEST, 33),
    "one day's work spread by forged dates": (HONEST, 33),
    "one more line each day": (CEILING, 57),
}  # fmt: skip


@pytest.mark.parametrize("name", LANDED)
def test_an_attempt_by_landed_counting_is_worth_what_is_written_here(name: str) -> None:
    attempt = CASES[name][0]()
    found = [week_of(score(each, counting=Counting.LANDED)) for each in (landed(attempt), reviewed(attempt))]
    assert tuple(found) == LANDED[name]
    assert week_of(score(attempt, counting=Counting.LANDED)) == 0


def test_work_that_is_held_back_and_lands_at_once_gains_nothing() -> None:
    season = [each for week in range(12) for each in honest(week=week)]
    steady = score(landed(season), counting=Counting.LANDED).table[0].points
    hoarded = score(landed(season, day=83), counting=Counting.LANDED)
    assert (steady, hoarded.table[0].points) == (390, 114)
    assert max(hoarded.weeks[hoarded.table[0].player]) == CEILING


def test_what_landed_is_forced_away_and_lands_again_counts_once() -> None:
    own = landed(honest())
    rebased = [again(each, landed=each.day + 1) for each in own]
    forked = [again(each, sha=each.sha, position=1, landed=each.day) for each in own]
    assert week_of(score([*own, *rebased, *forked], counting=Counting.LANDED)) == HONEST


def test_lines_of_generated_files_are_worth_nothing() -> None:
    vendored = [*honest(), work(lines=(100_000, 0), files=900, generated=100_000)]
    assert week_of(score(vendored)) == week_of(score([*honest(), work(lines=(0, 0), files=900)]))
    # Whoever says more than there is takes only their own lines away.
    assert week_of(score([work(lines=(30, 0), generated=10_000)])) == 1
