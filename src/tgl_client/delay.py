"""How long to wait before a request is tried again. Pure: time and chance come in as arguments."""

from typing import Final

from msgspec import Struct

BASE_DELAY: Final = 0.5
MAX_DELAY: Final = 30.0


class RetryPolicy(Struct, frozen=True):
    """`max_retries` counts faults; waiting because the server asked us to counts by time only, for a cron job must end.

    `scale` shortens every delay of our own choosing; the tests use it.
    """

    max_retries: int = 5
    max_waiting: float = 900.0
    scale: float = 1.0


def next_delay(attempt: int, random: float, retry_after: float | None = None) -> float:
    """Seconds before try number `attempt + 1`; `random` is in [0, 1).

    Doubles from half a second to thirty, of which a random half is taken off: clients that failed
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
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None
