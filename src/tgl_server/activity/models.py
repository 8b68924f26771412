"""The tables of sums: `author_days`, `author_months`, `author_totals`, `repo_days` and `repo_weeks`.

A commit belongs to the UTC day of its author date, and to the author's e-mail address as it is stored. `commits` counts
those that are no merges. `merges` are counted apart, and their lines and files nowhere.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base


class Sums:
    """The columns that are sums."""

    commits: Mapped[int] = mapped_column(Integer, sort_order=50)
    merges: Mapped[int] = mapped_column(Integer, sort_order=50)
    additions: Mapped[int] = mapped_column(sort_order=50)
    deletions: Mapped[int] = mapped_column(sort_order=50)
    files_changed: Mapped[int] = mapped_column(sort_order=50)


class AuthorDay(Sums, Base):
    """One author's day in one repository; it has a commit or a merge."""

    __tablename__ = "author_days"

    # The day comes before the author, as a period is read for all authors.
    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    author_email: Mapped[str] = mapped_column(primary_key=True)


class AuthorMonth(Sums, Base):
    """One author's month in one repository, by its first day; it has a commit or a merge.

    `days`, `first_day` and `last_day` are of commits, null without one; the others are of merges as well.
    """

    __tablename__ = "author_months"

    # A year of many authors is read by the month: their days are a hundred times as many rows.
    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    author_email: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(Integer, sort_order=60)
    first_day: Mapped[date | None] = mapped_column(sort_order=60)
    last_day: Mapped[date | None] = mapped_column(sort_order=60)
    all_days: Mapped[int] = mapped_column(Integer, sort_order=60)
    all_first_day: Mapped[date] = mapped_column(sort_order=60)
    all_last_day: Mapped[date] = mapped_column(sort_order=60)


class AuthorTotal(Sums, Base):
    """One author's work in one repository.

    `days`, `first_day` and `last_day` are of commits, null without one; the others are of merges as well. `author_name`
    is that of the commit or merge with the last author date, `last_at`.
    """

    __tablename__ = "author_totals"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    author_email: Mapped[str] = mapped_column(primary_key=True)
    author_name: Mapped[str]
    days: Mapped[int] = mapped_column(Integer, sort_order=60)
    first_day: Mapped[date | None] = mapped_column(sort_order=60)
    last_day: Mapped[date | None] = mapped_column(sort_order=60)
    all_days: Mapped[int] = mapped_column(Integer, sort_order=60)
    all_first_day: Mapped[date] = mapped_column(sort_order=60)
    last_at: Mapped[datetime] = mapped_column(sort_order=60)

    # Each push changes the row of its authors: room on the page keeps those updates off the index.
    __table_args__ = ({"postgresql_with": {"fillfactor": "80"}},)


class RepoDay(Sums, Base):
    """A repository's day; one without a commit or merge has no row."""

    __tablename__ = "repo_days"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)


class RepoWeek(Sums, Base):
    """A repository's week, by its Monday; one without a commit or merge has no row."""

    __tablename__ = "repo_weeks"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
