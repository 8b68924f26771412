"""The schedules that a form offers for the pulls of a repository, and reading the one that was chosen."""

from functools import cache
from typing import Final, Literal
from zoneinfo import available_timezones

from msgspec import Struct

from tgl_protocol.pulls import Cron, PullSchedule, Timezone
from tgl_server.web.forms import Form

_ASKED: Final = "asked"
_OWN: Final = "own"
#: By value; each but the last two is a cron expression. The minutes are odd, as at full hours everybody asks.
CHOICES: Final = (
    ("*/15 * * * *", "Every 15 minutes", ""),
    ("7 * * * *", "Every hour", ""),
    ("7 */6 * * *", "Every 6 hours", ""),
    ("7 3 * * *", "Every day at 03:07", ""),
    (_ASKED, "Only when somebody asks", "by the button, by the API, or by a webhook of the forge"),
    (_OWN, "By a cron expression", ""),
)
#: Often enough for a page that people look at, and a webhook makes it quicker.
DEFAULT: Final = "7 * * * *"
_EXPRESSIONS: Final = frozenset(value for value, _, _ in CHOICES if value not in (_ASKED, _OWN))


class _Chosen(Struct, frozen=True):
    schedule: Literal["asked", "*/15 * * * *", "7 * * * *", "7 */6 * * *", "7 3 * * *", "own"]
    timezone: Timezone


class _Own(Struct, frozen=True):
    cron: Cron


def read_schedule(form: Form) -> PullSchedule:
    """The schedule that was chosen; raises `InvalidBody`. Whether an expression is one is the use case's to say."""
    chosen = form.read(_Chosen)
    expression = form.read(_Own).cron.strip() if chosen.schedule == _OWN else chosen.schedule
    return PullSchedule(cron=None if expression == _ASKED else expression, timezone=chosen.timezone.strip())


def fill_schedule(form: Form, cron: str | None, timezone: str) -> None:
    """Fill a form in with the schedule that there is, where nothing was chosen yet."""
    is_own = cron is not None and cron not in _EXPRESSIONS
    form.fields.setdefault("schedule", [_OWN if is_own else cron or _ASKED])
    form.fields.setdefault("cron", [cron or "" if is_own else ""])
    form.fields.setdefault("timezone", [timezone])


@cache
def timezones() -> tuple[str, ...]:
    """The names of all time zones."""
    return tuple(sorted(available_timezones()))
