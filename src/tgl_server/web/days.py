"""A range of UTC days as a form asks for it: two fields of an address, of which the last day is within the range."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

from tgl_server.http.time_parameters import parse_day
from tgl_server.web.filters import Filters

_DAY = timedelta(days=1)
_EXPECTED = "Expected a day like 2026-01-02, and none before the first."


class Days(Struct, frozen=True):
    """The first and the last day of a range; None is no bound."""

    first: date | None = None
    last: date | None = None

    @property
    def until(self) -> date | None:
        """The day after the last one."""
        return None if self.last is None else self.last + _DAY

    @property
    def instants(self) -> tuple[datetime | None, datetime | None]:
        """The points in time at which the range begins, and before which it ends."""
        since, until = (None if day is None else datetime.combine(day, time(), UTC) for day in (self.first, self.until))
        return since, until

    @property
    def query(self) -> dict[str, str]:
        """The fields that are filled in."""
        return {name: str(day) for name, day in (("first", self.first), ("last", self.last)) if day}


def days_of(asked: Filters, check: Callable[[Days], None] = lambda _: None) -> Days:
    """The range that an address asks for; a day that makes it none, or that `check` refuses, is noted as unknown."""

    def last(text: str) -> date | None:
        found = Days(first, parse_day("last", text))
        if (found.first and found.last and found.first > found.last) or found.last == date.max:
            raise ValueError(text)
        check(found)
        return found.last

    def alone(text: str) -> date | None:
        found = parse_day("first", text)
        if not asked.text("last"):
            check(Days(found))
        return found

    first = asked.read("first", alone, _EXPECTED)
    return Days(first, asked.read("last", last, _EXPECTED))
