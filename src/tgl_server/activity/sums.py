"""Commits added up by day and author. Pure: no I/O, no clock."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import RowMapping

#: The columns of `commits` that are read.
COLUMNS = ("author_date", "author_email", "author_name", "is_merge", "additions", "deletions", "files_changed")


class AuthorDaySum(Struct, gc=False):
    """What one author did on one day; `author_name` is that of the last author date, `last_at`."""

    day: date
    author_email: str
    author_name: str
    last_at: datetime
    commits: int = 0
    merges: int = 0
    additions: int = 0
    deletions: int = 0
    files_changed: int = 0


def add_up(commits: Iterable[RowMapping | Mapping[str, Any]]) -> list[AuthorDaySum]:
    """The sums of commits whose dates are in UTC, in the order of day and author."""
    found: dict[tuple[date, str], AuthorDaySum] = {}
    for commit in commits:
        at, name = commit["author_date"], commit["author_name"]
        key = at.date(), commit["author_email"]
        total = found.get(key)
        if total is None:
            total = found[key] = AuthorDaySum(*key, name, at)
        elif (at, name) > (total.last_at, total.author_name):
            total.last_at, total.author_name = at, name
        if commit["is_merge"]:
            total.merges += 1
            continue
        total.commits += 1
        total.additions += commit["additions"]
        total.deletions += commit["deletions"]
        total.files_changed += commit["files_changed"]
    return [found[key] for key in sorted(found)]


def as_columns(sums: Iterable[AuthorDaySum]) -> dict[str, list[Any]]:
    """Sums as a list for each field, as a statement takes them."""
    rows = list(sums)
    return {name: [getattr(row, name) for row in rows] for name in AuthorDaySum.__struct_fields__}
