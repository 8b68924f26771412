"""What has happened in a season, as its rules give examples of it; nothing here names a player."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from tgl_protocol.leagues import CommitVerdict


class DayExample(Struct, frozen=True, kw_only=True):
    """A day of somebody."""

    day: date
    changes: int
    value: int
    line_points: int
    points: int


class WeekExample(Struct, frozen=True, kw_only=True):
    """A week of somebody with more days than count; `all_points` is the sum of all its days."""

    week: int
    days: int
    points: int
    all_points: int


class Seen(Struct, frozen=True, kw_only=True):
    """What has happened in a season: commits by verdict, and the largest of what rules bound."""

    commits: int = 0
    verdicts: Mapping[CommitVerdict, int] = {}
    largest_change: int = 0
    most_copies: int = 0
    day: DayExample | None = None
    week: WeekExample | None = None
    season_points: int = 0
    all_week_points: int = 0
    tied: int = 0
    players: int = 0
