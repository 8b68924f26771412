"""When a message is sent again, and what an answer means. Pure: `now` and randomness are given."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

from msgspec import Struct

GONE: Final = 410
_BUSY: Final = (429, 503)
_REDIRECTS: Final = range(300, 400)

#: The pauses after the first attempt, the second, and so on.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
)
#: A message that has waited for longer, behind others of its repository, has one attempt.
LONGEST_WAIT: Final = sum(PAUSES, timedelta())
#: Each pause is longer by up to this part, so that messages to a receiver that was down do not come all at once.
_JITTER: Final = 0.1
_LONGEST_RETRY_AFTER: Final = timedelta(hours=24)


class Verdict(Struct, frozen=True, kw_only=True):
    """What an attempt means: an error if it failed, when to try again if ever, and until when to wait."""

    error: str | None = None
    again_at: datetime | None = None
    quiet_until: datetime | None = None
    is_gone: bool = False


def judge(
    status: int, headers: Mapping[str, str], attempts: int, created_at: datetime, now: datetime, random: Random
) -> Verdict:
    """What an answer to the attempt of this number, counted from one, means."""
    if 200 <= status < 300:
        return Verdict()
    if status == GONE:
        return Verdict(error="the receiver answered 410 Gone", is_gone=True)
    error = f"the receiver answered {status}"
    if status in _REDIRECTS:
        error += ", and redirects are not followed"
    again_at = next_attempt(attempts, created_at, now, random)
    wish = retry_after(headers.get("retry-after"), now) if status in _BUSY else None
    if again_at is None or wish is None:
        return Verdict(error=error, again_at=again_at)
    return Verdict(error=error, again_at=max(again_at, wish), quiet_until=wish)


def next_attempt(attempts: int, created_at: datetime, now: datetime, random: Random) -> datetime | None:
    """When to try again after `attempts` attempts; None to give up."""
    if attempts > len(PAUSES) or now - created_at > LONGEST_WAIT * (1 + _JITTER):
        return None
    return now + PAUSES[attempts - 1] * (1 + _JITTER * random.random())


def retry_after(text: str | None, now: datetime) -> datetime | None:
    """The moment that the header means, a day from now at the latest; None for none, and for one that is not valid."""
    if text is None:
        return None
    if text.strip().isdecimal():
        wish = now + timedelta(seconds=min(int(text), int(_LONGEST_RETRY_AFTER.total_seconds())))
    else:
        try:
            wish = parsedate_to_datetime(text)
        except ValueError:
            return None
        wish = wish if wish.tzinfo else wish.replace(tzinfo=UTC)
    return min(wish, now + _LONGEST_RETRY_AFTER) if wish > now else None
