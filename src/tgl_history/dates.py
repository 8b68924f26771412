"""Converts git's seconds and zone to a datetime that Python, JSON and PostgreSQL all hold.

The instant is kept wherever it can be and clamped where it cannot; an impossible zone is clamped to +-14 hours,
the widest that exists. Git has no negative time: it reads one as missing, and so do we.
"""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# A day short of year 9999's end, so that no zone on the way can push the local time into year 10000.
_LAST_SECOND = int(datetime(9999, 12, 30, tzinfo=UTC).timestamp())
_MAX_OFFSET_MINUTES = 14 * 60
# More digits than these are beyond every limit, and Python refuses to parse thousands of them.
_MAX_SECOND_DIGITS = 18
_MAX_ZONE_DIGITS = 6


def instant(seconds: bytes, zone: bytes) -> datetime:
    """The aware datetime of seconds and zone (`b"1700000000"`, `b"+0530"`); an empty zone is UTC."""
    count = int(seconds) if len(seconds) <= _MAX_SECOND_DIGITS else _LAST_SECOND
    # Added up, as `fromtimestamp` asks the system, and Windows knows no time after the year 3000.
    return (EPOCH + timedelta(seconds=min(count, _LAST_SECOND))).astimezone(_zone(zone))


@lru_cache(maxsize=256)
def _zone(text: bytes) -> timezone:
    digits = text[1:].lstrip(b"0")
    hours, minutes = divmod(int(digits or b"0"), 100) if len(digits) <= _MAX_ZONE_DIGITS else (14, 0)
    offset = min(hours * 60 + minutes, _MAX_OFFSET_MINUTES)
    return timezone(timedelta(minutes=-offset if text.startswith(b"-") else offset))
