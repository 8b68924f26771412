"""Which whole periods cover a range of days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgl_protocol.activity import ActivityUnit, ContributorPeriod
from tgl_server.activity.calendar import MOST_PERIODS, first_day, span_of
from tgl_server.errors import InvalidParameter

TODAY = date(2026, 11, 28)  # a Saturday
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 1))


def test_the_year_until_today_is_what_nobody_asked_for() -> None:
    starts = list(span_of(ActivityUnit.DAY, None, None, TODAY).starts())
    assert (starts[0], starts[-1], len(starts)) == (date(2025, 11, 29), TODAY, 365)


def test_weeks_begin_on_monday_and_months_on_their_first_day() -> None:
    asked = date(2026, 1, 31), date(2026, 3, 2)
    weeks = span_of(ActivityUnit.WEEK, *asked, TODAY)
    assert list(weeks.starts()) == [date(2026, 1, 26) + timedelta(days=7 * n) for n in range(5)]
    assert weeks.until == date(2026, 3, 2)
    months = span_of(ActivityUnit.MONTH, *asked, TODAY)
    assert (list(months.starts()), months.until) == ([date(2026, month, 1) for month in (1, 2, 3)], date(2026, 4, 1))


@given(by=st.sampled_from(ActivityUnit), since=DAYS, days=st.integers(1, 5000))
def test_periods_cover_the_range_without_a_gap(by: ActivityUnit, since: date, days: int) -> None:
    until = date.fromordinal(min(since.toordinal() + days, date(9999, 12, 1).toordinal()))
    if since >= until or (until - since).days > MOST_PERIODS:
        return
    span = span_of(by, since, until, TODAY)
    starts = list(span.starts())
    assert span.since == starts[0] <= since < until <= span.until
    longest = {ActivityUnit.DAY: 1, ActivityUnit.WEEK: 7, ActivityUnit.MONTH: 31}[by]
    gaps = {(after - before).days for before, after in zip(starts, [*starts[1:], span.until], strict=True)}
    assert max(gaps) <= longest
    assert (since - span.since).days < longest
    assert (span.until - until).days < longest


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        (date(2026, 1, 2), date(2026, 1, 2), "since"),
        (date(2026, 1, 2), date(2026, 1, 1), "since"),
        (date(2027, 1, 1), None, "since"),
        (date(1, 1, 1), None, "since"),
        (None, date(9999, 12, 2), "until"),
    ],
)
def test_a_range_that_is_empty_or_too_long_is_refused(since: date | None, until: date | None, field: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        span_of(ActivityUnit.DAY, since, until, TODAY)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_period_of_contributors_ends_with_today() -> None:
    assert first_day(ContributorPeriod.DAYS_30, TODAY) == date(2026, 10, 30)
    assert first_day(ContributorPeriod.YEAR, TODAY) == date(2025, 11, 29)
    assert first_day(ContributorPeriod.ALL, TODAY) is None
