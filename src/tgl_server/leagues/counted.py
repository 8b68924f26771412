"""Which of a player's days and weeks make the points that the tables show, for people who want to know why."""

from collections.abc import Mapping, Sequence

from tgl_server.leagues.rules import Rules
from tgl_server.leagues.scoring import DaySum, kept_weeks, week_of


def kept_days(rules: Rules, days: Mapping[int, tuple[DaySum, int]]) -> set[int]:
    """The days, by number, that make the points of their weeks: the best ones, and of equal ones the earlier.

    Of a week's days without a change of one's own only the best one can be among them.
    """
    weeks: dict[int, list[int]] = {}
    for day in sorted(days, key=lambda day: (-days[day][1], day)):
        weeks.setdefault(week_of(day), []).append(day)
    return {day for week in weeks.values() for day in _possible(week, days)[: rules.best_days]}


def _possible(week: Sequence[int], days: Mapping[int, tuple[DaySum, int]]) -> list[int]:
    shared = [day for day in week if not days[day][0].changes]
    return [day for day in week if day not in shared[1:]]


def kept_week_places(rules: Rules, weeks: int, points: Sequence[int]) -> set[int]:
    """The weeks, from 0, that make the season points of a player; of equal ones the earlier."""
    order = sorted(range(len(points)), key=lambda week: (-points[week], week))
    return set(order[: kept_weeks(rules, weeks, len(points))])
