"""Numbers and times as people say them, and rows of words in columns."""

from collections.abc import Sequence
from datetime import datetime


def duration(seconds: float) -> str:
    """A length of time for people: `40 s`, `3 min`, `2 h 5 min`, `3 d 4 h`; a round number alone."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    if hours < 48:
        return _joined(minutes // 60, "h", minutes % 60, "min")
    return _joined(hours // 24, "d", hours % 24, "h")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 branch`, `1,234 commits`; `many` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ago(then: datetime | None, now: datetime) -> str:
    """How long ago something was: `3 min ago`, or `never`."""
    return "never" if then is None else f"{duration((now - then).total_seconds())} ago"


def moment(when: datetime) -> str:
    """A time as somebody would write it: the day alone where it is midnight, in UTC unless it says otherwise."""
    if when.utcoffset():
        return f"{when:%Y-%m-%d %H:%M %z}"
    return f"{when:%Y-%m-%d}" if (when.hour, when.minute, when.second) == (0, 0, 0) else f"{when:%Y-%m-%d %H:%M} UTC"


def is_older(version: str, other: str) -> bool:
    """Compares the leading numbers; a version that cannot be read is not older."""
    try:
        return tuple(map(int, version.split(".")[:3])) < tuple(map(int, other.split(".")[:3]))
    except ValueError:
        return False


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose cells stand below each other; every row has as many as the first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _joined(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"
