"""The last weeks, or days, as pages draw them: a number for each, the running one last."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

#: The weeks of a trend; the running one is the last.
TREND_WEEKS: Final = 12

#: The days for which the use of a key is drawn, today among them.
USE_DAYS: Final = 30

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def trend_start(today: date) -> date:
    """The Monday with which a trend begins."""
    return today - timedelta(days=today.weekday()) - (TREND_WEEKS - 1) * _WEEK


def trend(weeks: Mapping[date, int], today: date) -> tuple[int, ...]:
    """The number of each week, by its Monday; a week that is not there is 0."""
    start = trend_start(today)
    return tuple(weeks.get(start + place * _WEEK, 0) for place in range(TREND_WEEKS))


def last_days(days: Mapping[date, int], today: date) -> tuple[int, ...]:
    """The number of each of the last days; a day that is not there is 0."""
    return tuple(days.get(today - (USE_DAYS - 1 - place) * _DAY, 0) for place in range(USE_DAYS))
