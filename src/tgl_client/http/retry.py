"""The delay before a request is tried again. Pure: time and chance come in as arguments."""

import math
from datetime import UTC
from typing import Final

from msgspec import Struct

BASE_DELAY: Final = 0.5
MAX_DELAY: Final = 30.0


class RetryPolicy(Struct, frozen=True):
    """How often a request is tried again: `max_retries` faults, and `max_waiting` seconds, for a cron job must end.

    A wait that the server asked for is no fault. No request is tried again later than `patience` seconds after its
    first try, however its tries ended.

    `scale` shortens every delay of our own choosing; the tests use it.
    """

    max_retries: int = 5
    max_waiting: float = 900.0
    patience: float = math.inf
    scale: float = 1.0


def next_delay(attempt: int, random: float, retry_after: float | None = None) -> float:
    """Seconds before try number `attempt + 1`; `random` is in [0, 1).

    Doubles from half a second to thirty, less up to a random half: clients that failed
    together must not come back together. `Retry-After` is a lower bound, never shortened.
    """
    backoff = min(MAX_DELAY, BASE_DELAY * 2.0 ** min(attempt, 16))
    jittered = backoff * (0.5 + random / 2)
    if retry_after is None:
        return jittered
    return retry_after + min(jittered, 1.0)


def parse_retry_after(header: str | None, now: float) -> float | None:
    """Seconds from a `Retry-After` header: a number or an HTTP date (`now` is POSIX time); None when unreadable."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 -- the rare form; its import costs 20 ms

    try:
        # A zone of -0000 makes it naive, which the system's clock would take for local time.
        moment = parsedate_to_datetime(header)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError):
        return None
