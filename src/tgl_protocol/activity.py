"""The activity of a repository: sums of its commits by day, week or month, and by author.

A commit belongs to the UTC day of its author date. A merge is counted apart, and its lines and files nowhere.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about


class ActivityUnit(StrEnum):
    """The length of a period; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ActivityPeriod(Struct, frozen=True):
    """The sums of one period, by its first day; all are 0 for one in which nothing was written."""

    start: Annotated[date, about("The first day, in UTC")]
    commits: Annotated[int, about("The commits that are no merges")]
    merges: Annotated[int, about("The merges")]
    additions: Annotated[int, about("Lines added, without those of merges")]
    deletions: Annotated[int, about("Lines deleted, without those of merges")]
    files_changed: Annotated[int, about("Files changed, without those of merges")]


class Activity(Struct, frozen=True):
    """Every period from `since` on and before `until`, oldest first; both are widened to whole periods."""

    by: Annotated[ActivityUnit, about("The length of a period")]
    since: Annotated[date, about("The first day of the first period, in UTC")]
    until: Annotated[date, about("The day after the last period, in UTC")]
    items: Annotated[list[ActivityPeriod], about("The periods, the oldest first")]


class ContributorPeriod(StrEnum):
    """A time that ends with today: 30, 90 or 365 days, or all there is, dates in the future included."""

    DAYS_30 = "30d"
    DAYS_90 = "90d"
    YEAR = "year"
    ALL = "all"


class ContributorOrder(StrEnum):
    """What contributors are ranked by, the most first: `lines` adds and deletes, `recent` is the last day."""

    COMMITS = "commits"
    LINES = "lines"
    DAYS = "days"
    RECENT = "recent"


class Contributor(Struct, frozen=True):
    """A person, with all addresses that are known to be theirs; equal ones share a rank, and the next is empty.

    Of people who chose to be seen under another name, that name is shown, and no address; hidden ones are left out.
    With merges, these count as commits, and their days as days.
    """

    rank: Annotated[int, about("The place, from 1; equal ones share it")]
    author_name: Annotated[str, about("Their name: of an account, else the one on their last commit")]
    author_email: Annotated[str, about("The address of their last commit, in lower case; empty if it is not shown")]
    commits: Annotated[int, about("Their commits")]
    additions: Annotated[int, about("Lines added")]
    deletions: Annotated[int, about("Lines deleted")]
    files_changed: Annotated[int, about("Files changed")]
    days: Annotated[int, about("Days on which they wrote a commit, in UTC")]
    first_day: Annotated[date, about("The day of their first commit, in UTC")]
    last_day: Annotated[date, about("The day of their last commit, in UTC")]
    player_id: Annotated[UUID | None, about("The player; null in the seconds before one is made")] = None
    emails: Annotated[list[str], about("Their addresses in this repository, the last used first")] = []


class ContributorPage(Struct, frozen=True):
    """A page of contributors; `since` is null for all time, and `next_cursor` on the last page."""

    period: Annotated[ContributorPeriod, about("The time that is counted")]
    since: Annotated[date | None, about("Its first day, in UTC; null for all time")]
    merges: Annotated[bool, about("True where merges count too")]
    items: Annotated[list[Contributor], about("The contributors of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
