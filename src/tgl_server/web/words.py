"""What pages say of numbers, times and states, in words."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from markupsafe import Markup, escape

from tgl_server.web.assets import asset_url

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def number(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def count(value: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: `1 commit`, `2,304 commits`."""
    return f"{value:,} {singular if value == 1 else plural or singular + 's'}"


def moment(value: datetime | None, missing: str = "never") -> Markup:
    """A time in UTC; the script makes it `4 minutes ago`, and keeps that fresh."""
    if value is None:
        return Markup("<span class=quiet>{}</span>").format(missing)
    return Markup('<time datetime="{}" data-ago>{}</time>').format(
        value.isoformat(timespec="seconds"), value.strftime("%-d %b %Y %H:%M UTC")
    )


def exact(value: datetime) -> Markup:
    """A time in UTC that stays as it is, for the middle of a sentence."""
    return Markup('<time datetime="{}">{}</time>').format(
        value.isoformat(timespec="seconds"), value.strftime("%-d %b %Y %H:%M UTC")
    )


def local(value: datetime) -> Markup:
    """A moment to come, in UTC; the script shows it in the time zone of who looks at it."""
    return Markup('<time datetime="{}" data-local>{}</time>').format(
        value.isoformat(timespec="seconds"), value.strftime("%a %-d %b %Y %H:%M UTC")
    )


def day(value: date | datetime) -> Markup:
    """A day in UTC."""
    found = value.date() if isinstance(value, datetime) else value
    return Markup('<time datetime="{}">{}</time>').format(found.isoformat(), plain_day(found))


def weekday(value: date) -> Markup:
    """A day with its name: `Tue 6 Jan 2026`."""
    return Markup('<time datetime="{}">{} {}</time>').format(value.isoformat(), f"{value:%a}", plain_day(value))


def plain_day(value: date) -> str:
    """A day as text, for the middle of a sentence: `3 May 2026`."""
    return f"{value.day} {value:%b} {value.year}"


def duration(value: timedelta | float) -> str:
    """A duration in its two largest units at most: `3 days`, `1 h 20 min`, `4.2 s`."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < _HOUR:
        return _two(seconds, _MINUTE, "min", 1, "s")
    if seconds < _DAY:
        return _two(seconds, _HOUR, "h", _MINUTE, "min")
    return count(round(seconds / _DAY), "day")


def every(value: timedelta) -> str:
    """A cadence as people say it: `every day`, `every 3 days`, `every hour`, `every 90 min`."""
    for unit, noun in ((7 * _DAY, "week"), (_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        times, rest = divmod(round(value.total_seconds()), unit)
        if times and not rest:
            return f"every {noun}" if times == 1 else f"every {times} {noun}s"
    return f"every {duration(value)}"


def _two(seconds: float, large: int, large_name: str, small: int, small_name: str) -> str:
    whole, rest = divmod(round(seconds), large)
    return f"{whole} {large_name}" + (f" {rest // small} {small_name}" if rest // small else "")


def size(value: int) -> str:
    """A size in bytes: `12.4 MB`."""
    amount = float(value)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def icon(name: str) -> Markup:
    """An icon beside a word, which says what it means: readers that speak skip it."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(asset_url("icons.svg"), name)


def short(sha: str) -> Markup:
    """A sha as people write it; the whole one is its title."""
    return Markup('<code title="{}">{}</code>').format(sha, sha[:7])


def typed(text: str) -> Markup:
    """What was typed into a field, as it is: it is sent again from there, so nothing in it may be replaced."""
    return escape(text)


FILTERS: Final[Mapping[str, Callable[..., object]]] = {
    "number": number,
    "count": count,
    "moment": moment,
    "exact": exact,
    "day": day,
    "weekday": weekday,
    "local": local,
    "duration": duration,
    "every": every,
    "size": size,
    "icon": icon,
    "short": short,
    "typed": typed,
    "tuple": tuple,
}
