"""When a repository is pulled: cron expressions in their time zones, and the pauses after failures. Pure."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_FIELDS: Final = 5
_LONGEST_BACKOFF: Final = timedelta(hours=6)
#: 2 to this power is more minutes than the longest pause.
_MOST_DOUBLINGS: Final = 9
#: A pause is up to this part longer, so that a remote that comes back is not asked by all at once.
_JITTER: Final = 0.2


def cron_fault(cron: str) -> str | None:
    """The fault of a cron expression; None for one of five fields that has a moment to come."""
    if len(cron.split()) != _FIELDS:
        return "Expected five fields: minute, hour, day of the month, month, day of the week"
    try:
        next(CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        return f"This never comes: {error}" if str(error) else "This never comes"
    return None


def timezone_fault(name: str) -> str | None:
    """The fault of a time zone's name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "Expected the name of a time zone, like Europe/Paris or UTC"
    return None


def next_moment(cron: str | None, timezone: str, after: datetime) -> datetime | None:
    """The schedule's first moment after a time; None without a schedule."""
    if cron is None:
        return None
    return next(CronSim(cron, after.astimezone(ZoneInfo(timezone)))).astimezone(UTC)


def in_words(cron: str | None) -> str:
    """A schedule as people say it: `At 02:30 on Monday through Friday`; the time zone is not part of it."""
    return "Only when somebody asks" if cron is None else CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)).explain()


def next_moments(cron: str | None, timezone: str, after: datetime, count: int) -> list[datetime]:
    """The schedule's first moments after a time, in UTC; none without a schedule."""
    if cron is None:
        return []
    moments = CronSim(cron, after.astimezone(ZoneInfo(timezone)))
    return [moment.astimezone(UTC) for moment in islice(moments, count)]


def after_failure(moment: datetime | None, failures: int, now: datetime, chance: Random) -> datetime | None:
    """When to try again after so many failures in a row: sooner than the schedule's moment, or at it.

    The pauses double from two minutes to six hours. Without a schedule nobody waits for another try.
    """
    if moment is None:
        return None
    pause = min(timedelta(minutes=2 ** min(failures, _MOST_DOUBLINGS)), _LONGEST_BACKOFF)
    return min(now + pause * (1 + chance.uniform(0, _JITTER)), moment)
