"""The pages of a repository's activity: columns by day, week or month, the table of them, and the same as a file."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from tgl_protocol.activity import Activity, ActivityPeriod, ActivityUnit
from tgl_server.access.guards import reads_commits
from tgl_server.activity.calendar import Span, span_of
from tgl_server.activity.files import activity_file
from tgl_server.activity.reading import read_activity
from tgl_server.web.days import Days, days_of
from tgl_server.web.figures import Figure, figure
from tgl_server.web.filters import Filters
from tgl_server.web.repos.header import RepoView
from tgl_server.web.words import count, number, plain_day

ACTIVITY: Final = "/projects/{project:str}/repos/{repo:str}/activity"
UNITS: Final = {ActivityUnit.DAY: "Days", ActivityUnit.WEEK: "Weeks", ActivityUnit.MONTH: "Months"}
#: The newest periods of the table; the file has all of them.
MOST_ROWS: Final = 400
_DAY = timedelta(days=1)


class Measure(StrEnum):
    """What the columns show."""

    COMMITS = "commits"
    LINES = "lines"


MEASURES: Final = {Measure.COMMITS: "Commits", Measure.LINES: "Lines"}


class ActivityWish(Struct, frozen=True):
    """What an address asks for: whole periods that cover a range of days, and a measure."""

    span: Span
    show: Measure
    days: Days

    def at(self, **other: str) -> str:
        """The query of an address that asks for something else, and for the rest as before."""
        return urlencode({"by": self.span.by, "show": self.show, **self.days.query, **other})


@get(ACTIVITY, guards=[reads_commits])
async def show_activity(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """How much was written when, by default of the last year by week."""
    wish = _wish(Filters(repo_view.request))
    async with repo_view.database.lagging_statements() as connection:
        found = await read_activity(connection, repo_view.access.id, wish.span)
    return await repo_view.show(
        "repo_activity.html",
        activity=found,
        rows=found.items[: -MOST_ROWS - 1 : -1],
        figure=draw(found, wish.show),
        wish=wish,
        units=UNITS,
        measures=MEASURES,
    )


@get(f"{ACTIVITY}.csv", guards=[reads_commits])
async def export_activity(repo_view: NamedDependency[RepoView]) -> Response[bytes]:
    """The file that the API answers."""
    asked = Filters(repo_view.request)
    wish = _wish(asked)
    asked.check_known()
    async with repo_view.database.lagging_statements() as connection:
        return activity_file(await read_activity(connection, repo_view.access.id, wish.span))


def _wish(asked: Filters) -> ActivityWish:
    by, today = asked.choice("by", UNITS, ActivityUnit.WEEK), datetime.now(UTC).date()

    def check(days: Days) -> None:
        span_of(by, days.first, days.until, today)

    days = days_of(asked, check)
    return ActivityWish(
        span_of(by, days.first, days.until, today), asked.choice("show", Measure, Measure.COMMITS), days
    )


def draw(activity: Activity, measure: Measure) -> Figure:
    """The columns of a measure: commits, or lines added above and deleted below the ground."""
    items = activity.items
    up = [period.commits if measure is Measure.COMMITS else period.additions for period in items]
    down = [] if measure is Measure.COMMITS else [period.deletions for period in items]
    titles = (f"{_name(activity.by, period)}: {_amount(period, measure)}" for period in items)
    starts, sentence = [period.start for period in items], _sentence(activity, measure)
    return figure(starts, up, down, sentence=sentence, titles=titles)


def _sentence(activity: Activity, measure: Measure) -> str:
    """What the drawing shows, for who does not see it."""
    items = activity.items
    start, end = plain_day(activity.since), plain_day(activity.until - _DAY)
    sums = (sum(getattr(period, name) for period in items) for name in ActivityPeriod.__struct_fields__[1:])
    total = _amount(ActivityPeriod(activity.since, *sums), measure)
    if not any(period.commits for period in items):
        return f"No commits from {start} to {end}."
    most = max(items, key=lambda period: _weight(period, measure))
    where = f"{'on' if activity.by is ActivityUnit.DAY else 'in'} {_name(activity.by, most)}"
    return f"{total} from {start} to {end}, by {activity.by}; the most {where}: {_amount(most, measure)}."


def _weight(period: ActivityPeriod, measure: Measure) -> int:
    return period.commits if measure is Measure.COMMITS else period.additions + period.deletions


def _amount(period: ActivityPeriod, measure: Measure) -> str:
    if measure is Measure.COMMITS:
        return count(period.commits, "commit")
    return f"{count(period.additions, 'line')} added and {number(period.deletions)} deleted"


def _name(by: ActivityUnit, period: ActivityPeriod) -> str:
    if by is ActivityUnit.MONTH:
        return f"{period.start:%B} {period.start.year}"
    return f"the week of {plain_day(period.start)}" if by is ActivityUnit.WEEK else plain_day(period.start)


ROUTES = (show_activity, export_activity)
