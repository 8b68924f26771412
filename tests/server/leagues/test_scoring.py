"""The formulas: days, verdicts, points and ranks."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.seasons import FIRST, START, again, honest, player, score, work
from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.rules import Counting, Dates, Late, Rules
from tgl_server.leagues.scoring import (
    DAY,
    DaySum,
    Judged,
    Seen,
    Span,
    Terms,
    closing_second,
    day_of,
    day_points,
    judge,
    ranked,
    season_points,
    span_of,
    to_date,
    week_of,
    week_points,
)

RULES = Rules()
SPAN = span_of(RULES, START, 12)
TERMS = Terms(position=0, counts_from=FIRST, taken_in=0)


def seen(day: int = 0, arrived: int | None = None, **fields: Any) -> Seen:
    """An ordinary commit, by days of the season."""
    authored = (FIRST + day) * DAY + 10
    e = authored if arrived is None else (FIRST + arrived) * DAY + 10
    plain = {"additions": 30, "deletions": 0, "files": 1, "is_merge": False, "is_revert": False}
    return Seen(**{"authored": authored, "arrived": e, **plain, **fields})


def verdict_of(commit: Seen, rules: Rules = RULES, terms: Terms = TERMS) -> tuple[CommitVerdict, int] | None:
    found = judge(rules, SPAN, terms, commit)
    return (found.verdict, found.day - FIRST) if found else None


@given(st.integers(-2_000_000_000, 4_000_000_000), st.integers(-720, 840))
def test_a_day_is_that_of_the_calendar_also_before_1970(second: int, offset: int) -> None:
    shifted = datetime.fromtimestamp(second + 60 * offset, UTC)
    assert to_date(day_of(second, offset)) == shifted.date()


@given(st.dates(date(1902, 1, 1), date(2100, 1, 1)))
def test_a_week_begins_on_monday(day: date) -> None:
    number = day.toordinal() - date(1970, 1, 1).toordinal()
    assert week_of(number - day.weekday()) == week_of(number) == week_of(number + 6 - day.weekday())
    assert week_of(number + 7) == week_of(number) + 1


@pytest.mark.parametrize("offset", [-720, 0, 840])
def test_a_week_closes_after_its_sunday_and_the_days_of_grace(offset: int) -> None:
    rules = Rules(day_offset_minutes=offset)
    second = closing_second(rules, week_of(FIRST))
    assert (day_of(second - 1, offset), day_of(second, offset)) == (FIRST + 13, FIRST + 14)


@pytest.mark.parametrize(
    ("commit", "expected"),
    [
        (seen(3), ("counted", 3)),
        (seen(3, 13), ("counted", 3)),
        (seen(3, 14), ("late", 10)),
        (seen(0, 14), ("late", 14)),
        (seen(6, 16), ("late", 13)),
        (seen(9, 4), ("future", 4)),
        (seen(100, 83), ("future", 83)),
        (seen(80, 90), ("counted", 80)),
        (seen(80, 91), ("too_late", 87)),
        (seen(3, is_merge=True, files=0), ("merge", 3)),
        (seen(3, opted_out=True, is_bot=True), ("opted_out", 3)),
        (seen(3, is_bot=True, files=0), ("bot", 3)),
        (seen(3, files=0, is_revert=True), ("empty", 3)),
        (seen(3, 14, is_revert=True), ("revert", 10)),
        (seen(3, additions=0), ("counted", 3)),
        (seen(-1), None),
        (seen(-1, 50), None),
        (seen(84), None),
        (seen(100, 200), None),
        (seen(3, -2), None),
    ],
)
def test_the_verdict_on_a_commit_by_itself(commit: Seen, expected: tuple[str, int] | None) -> None:
    assert verdict_of(commit) == expected


def test_a_repository_counts_from_a_day_and_from_its_taking_in() -> None:
    assert verdict_of(seen(3), terms=replace(TERMS, counts_from=FIRST + 4)) == ("before_repo", 3)
    assert verdict_of(seen(3), terms=replace(TERMS, taken_in=(FIRST + 20) * DAY)) == ("late", 17)
    early = replace(TERMS, counts_from=FIRST - 7)
    assert verdict_of(seen(-2, 3), terms=early) is None
    assert verdict_of(seen(-2, 20), terms=early) == ("late", 19)
    assert verdict_of(seen(-2, -1), terms=early) is None


def test_late_work_whose_weekday_lies_before_the_season_counts_on_arrival() -> None:
    early = replace(TERMS, counts_from=FIRST - 60)
    assert verdict_of(seen(-40, 2), terms=early) == ("late", 2)


def test_trusted_dates_need_no_arrival() -> None:
    trusted = replace(TERMS, trusted_until=(FIRST + 5) * DAY)
    assert verdict_of(seen(3, 60), terms=trusted) == ("counted", 3)
    assert verdict_of(seen(6, 60), terms=trusted) == ("late", 55)


def test_late_work_may_be_void_and_dates_may_be_believed() -> None:
    assert verdict_of(seen(3, 14), Rules(late=Late.VOID)) == ("too_late", 14)
    assert verdict_of(seen(3, 80), Rules(dates=Dates.AS_WRITTEN)) == ("counted", 3)
    assert verdict_of(seen(84, 3), Rules(dates=Dates.AS_WRITTEN)) is None


def test_where_landing_counts_a_commit_waits_for_it() -> None:
    landing = replace(TERMS, counting=Counting.LANDED)
    assert verdict_of(seen(3), terms=landing) == ("not_landed", 3)
    assert verdict_of(seen(3, landed=(FIRST + 5) * DAY), terms=landing) == ("counted", 3)
    assert verdict_of(seen(3, landed=(FIRST + 15) * DAY), terms=landing) == ("late", 10)


@given(st.integers(-30, 120), st.integers(-30, 150), st.integers(-720, 840), st.integers(6, 28))
def test_no_commit_gets_into_a_week_that_is_closed(day: int, arrived: int, offset: int, grace: int) -> None:
    rules = Rules(day_offset_minutes=offset, grace_days=grace)
    span = span_of(rules, START, 12)
    commit = seen(day, arrived)
    found = judge(rules, span, replace(TERMS, counts_from=FIRST - 40), commit)
    if found is not None and found.verdict.counts:
        assert commit.arrived < span.closes[span.week_index(found.day)]
        assert span.first_day <= found.day <= day_of(max(commit.arrived, commit.authored), offset)


def test_a_change_is_worth_its_lines_up_to_the_cap() -> None:
    assert judge(RULES, SPAN, TERMS, seen(additions=200, deletions=300)) == Judged(CommitVerdict.COUNTED, FIRST, 320)


@pytest.mark.parametrize(
    ("changes", "value", "points"),
    [(0, 0, 0), (1, 0, 1), (1, 1, 3), (2, 60, 13), (4, 79, 15), (5, 319, 23), (9, 10_000, 25), (0, 30, 7)],
)
def test_a_day_has_a_step_for_lines_and_one_for_changes(changes: int, value: int, points: int) -> None:
    assert day_points(RULES, DaySum(changes, value)) == points


def test_the_best_days_of_a_week_count_and_of_those_with_shared_lines_alone_one() -> None:
    own, shared = DaySum(1, 10), DaySum(0, 10)
    assert week_points(RULES, [(own, 5), (own, 7), (own, 6), (own, 3)]) == 18
    assert week_points(RULES, [(shared, 5), (shared, 9), (own, 1)]) == 10
    assert week_points(RULES, []) == 0


@pytest.mark.parametrize(("begun", "dropped"), [(1, 0), (5, 0), (6, 1), (11, 1), (12, 2)])
def test_weeks_are_left_out_as_the_season_goes_on(begun: int, dropped: int) -> None:
    assert season_points(RULES, 12, list(range(1, begun + 1))) == sum(range(1 + dropped, begun + 1))


def test_ranks_are_by_points_then_all_weeks_and_else_shared() -> None:
    ada, ben, cem, dia = (player(name) for name in ("ada", "ben", "cem", "dia"))
    points = {ada: [5, 5, 5, 5, 5, 1], ben: [5, 5, 5, 5, 5, 2], cem: [1, 5, 5, 5, 5, 5], dia: [0, 0, 0, 0, 0, 9]}
    found = {each.player: (each.rank, each.is_tied, each.points) for each in ranked(RULES, 12, points)}
    assert found == {ben: (1, False, 25), ada: (2, True, 25), cem: (2, True, 25), dia: (4, False, 9)}


def test_of_copies_the_earliest_counts_then_the_largest_then_the_first_repository() -> None:
    early = work(position=2, lines=(5, 0))
    small = again(early, lines=(4, 0))
    other = again(early, position=1, sha=early.sha)
    later = again(early, day=1, second=early.second + 9)
    verdicts = score([later, small, early, other]).verdicts
    assert verdicts == {
        (player("ada"), early.sha, 1): "counted",
        (player("ada"), early.sha, 2): "copy",
        (player("ada"), small.sha, 2): "copy",
        (player("ada"), later.sha, 2): "copy",
    }


def test_a_copy_that_does_not_count_leaves_the_change_to_one_that_does() -> None:
    late = work(day=80, arrived=95)
    pushed = again(late, position=1, arrived=81)
    assert [*score([late, pushed]).verdicts.values()] == ["too_late", "counted"]


@given(st.permutations(range(24)), st.integers(1, 24))
def test_order_and_repetition_of_commits_do_not_matter(order: list[int], repeated: int) -> None:
    commits = [*honest(), *(again(each, position=1) for each in honest()), *(work(day=n, arrived=30) for n in range(4))]
    mixed = [commits[n] for n in order]
    assert score(mixed + mixed[:repeated]).days == score(commits).days


def test_a_span_counts_its_weeks_that_have_begun() -> None:
    seconds = [(FIRST + day) * DAY for day in (-1, 0, 6, 7, 83, 500)]
    assert [SPAN.begun(second, 0) for second in seconds] == [0, 1, 1, 2, 12, 12]
    assert isinstance(SPAN, Span)
    assert (SPAN.last_day - FIRST, SPAN.week_index(FIRST - 1)) == (83, -1)
