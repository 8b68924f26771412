"""The schedules that a form offers for the pulls of a repository, and reading the one that was chosen."""

from functools import cache
from typing import Final, Literal
from zoneinfo import available_timezones

from msgspec import Struct

from tgl_protocol.pulls import Cron, PullSchedule, Timezone
from tgl_server.web.forms import Form

_OWN: Final = "own"
#: By value; each but the first and the last is a cron expression. The minutes are odd, as at full hours everybody asks.
CHOICES: Final = (
    ("*/15 * * * *", "Every 15 minutes", ""),
    ("7 * * * *", "Every hour", ""),
    ("7 */6 * * *", "Every 6 hours", ""),
    ("7 3 * * *", "Every day at 03:07", ""),
    ("", "Only when somebody asks", "by the button, by the API, or by a webhook of the forge"),
    (_OWN, "By a cron expression", ""),
)
#: Often enough for a page that people look at, and a webhook makes it quicker.
DEFAULT: Final = "7 * * * *"
_EXPRESSIONS: Final = frozenset(value for value, _, _ in CHOICES if value not in ("", _OWN))


class _Chosen(Struct, frozen=True):
    schedule: Literal["", "*/15 * * * *", "7 * * * *", "7 */6 * * *", "7 3 * * *", "own"]
    timezone: Timezone


class _Own(Struct, frozen=True):
    cron: Cron


def read_schedule(form: Form) -> PullSchedule:
    """The schedule that was chosen; raises `InvalidBody`. Whether an expression is one is the use case's to say."""
    chosen = form.read(_Chosen)
    cron = form.read(_Own).cron.strip() if chosen.schedule == _OWN else chosen.schedule or None
    return PullSchedule(cron=cron, timezone=chosen.timezone.strip())


def fill_schedule(form: Form, cron: str | None, timezone: str) -> None:
    """Fill a form in with the schedule that there is, where nothing was chosen yet."""
    is_offered = cron is None or cron in _EXPRESSIONS
    form.fields.setdefault("schedule", [cron or "" if is_offered else _OWN])
    form.fields.setdefault("cron", ["" if is_offered else cron or ""])
    form.fields.setdefault("timezone", [timezone])


@cache
def timezones() -> tuple[str, ...]:
    """The names of all time zones."""
    return tuple(sorted(available_timezones()))
