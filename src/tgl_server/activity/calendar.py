"""Days, weeks and months: which whole periods cover a range. Pure: it takes today."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from tgl_protocol.activity import ActivityUnit, ContributorPeriod
from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidParameter

#: The most periods in an answer: ten years of days.
MOST_PERIODS = 4000

_YEAR = 365
_SHORTEST_DAYS = {ActivityUnit.DAY: 1, ActivityUnit.WEEK: 7, ActivityUnit.MONTH: 28}
_DAYS = {ContributorPeriod.DAYS_30: 30, ContributorPeriod.DAYS_90: 90, ContributorPeriod.YEAR: _YEAR}
# The month and the week after it must still be in the calendar.
_LATEST = date(9999, 12, 1)


class Span(Struct, frozen=True):
    """Whole periods: from the day `since` on, before the day `until`."""

    by: ActivityUnit
    since: date
    until: date

    def starts(self) -> Iterator[date]:
        """The first day of each period, oldest first."""
        start = self.since
        while start < self.until:
            yield start
            start = _after(self.by, start)


def span_of(by: ActivityUnit, since: date | None, until: date | None, today: date) -> Span:
    """The periods that cover a range, by default the year that ends with today; raises a 422 error.

    `until` is not in the range, so that adjacent ranges do not overlap.
    """
    until = until or today + timedelta(days=1)
    if until > _LATEST:
        raise _bad("until", f"Expected a day that is no later than {_LATEST}")
    since = since or date.fromordinal(max(1, until.toordinal() - _YEAR))
    if since >= until:
        raise _bad("since", f"Expected a day before `until`, which is {until}")
    if (until - since).days > MOST_PERIODS * _SHORTEST_DAYS[by]:
        raise _bad("since", f"Expected a range of at most {MOST_PERIODS} periods; ask for longer ones, or in parts")
    last = _start(by, until - timedelta(days=1))
    return Span(by, _start(by, since), _after(by, last))


def first_day(period: ContributorPeriod, today: date) -> date | None:
    """The first day of a period that ends with today; None for all time."""
    days = _DAYS.get(period)
    return None if days is None else today - timedelta(days=days - 1)


def _start(by: ActivityUnit, day: date) -> date:
    if by is ActivityUnit.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by is ActivityUnit.WEEK else day


def _after(by: ActivityUnit, start: date) -> date:
    if by is ActivityUnit.MONTH:
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=_SHORTEST_DAYS[by])


def _bad(field: str, message: str) -> InvalidParameter:
    return InvalidParameter("This range of days does not validate.", [FieldError(message, field=field)])
