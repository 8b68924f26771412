"""The sums of a repository: as the server keeps them, and added up from its commits one by one, or from git's log."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from tests.support.database import rows, scalar, until_query
from tests.support.repositories import git
from tgl_server.db.engine import Database

ARE_FOLLOWED = """
    SELECT count(*) > 0 AND bool_and(m.seq = s.ingest_seq)
    FROM follower_marks m JOIN repo_states s USING (repo_id) WHERE m.follower = 'activity'
"""
TABLES = ("author_days", "author_months", "author_totals", "repo_days", "repo_weeks")

Table = dict[tuple[Any, ...], tuple[Any, ...]]
_SUMS = "commits, merges, additions, deletions, files_changed"
_HELD = {
    "author_days": ("day, author_email", _SUMS),
    "author_months": (
        "month, author_email",
        f"{_SUMS}, days, first_day, last_day, all_days, all_first_day, all_last_day",
    ),
    "author_totals": (
        "author_email",
        f"{_SUMS}, author_name, days, first_day, last_day, all_days, all_first_day, last_at",
    ),
    "repo_days": ("day", _SUMS),
    "repo_weeks": ("week", _SUMS),
}


async def until_followed(database: Database) -> None:
    """Wait until a server has followed every log to its end."""
    await until_query(database, ARE_FOLLOWED)


async def held(database: Database, repo_id: UUID) -> dict[str, Table]:
    """The rows of each table of sums, values by key."""
    found: dict[str, Table] = {}
    for table, (key, values) in _HELD.items():
        query = f"SELECT {key}, {values} FROM {table} WHERE repo_id = :repo_id"
        width = key.count(",") + 1
        found[table] = {row[:width]: row[width:] for row in map(tuple, await rows(database, query, repo_id=repo_id))}
    return found


async def counted(database: Database, repo_id: UUID) -> dict[str, Table]:
    """What the tables must hold, from the stored commits."""
    return added_up(await rows(database, "SELECT * FROM commits WHERE repo_id = :repo_id", repo_id=repo_id))


def counted_by_git(path: Path, shas: Collection[str]) -> dict[str, Table]:
    """What the tables must hold, from `git log --numstat` of these commits of a repository's branches."""
    asked = "--numstat", "-l1000", "--no-mailmap", "--date=format-local:%Y-%m-%d"
    text = git(path, "log", "--branches", *asked, "--format=%x00%H%x01%at%x01%ad%x01%P%x01%ae%x01%an", TZ="UTC")
    commits = map(_logged, text.decode("utf-8", "replace").split("\0")[1:])
    return added_up([commit for commit in commits if commit.sha in shas])


def _logged(block: str) -> Any:
    """A commit as git's log tells it; a binary file has no lines."""
    (head, _, numbers) = block.partition("\n")
    sha, at, day, parents, email, name = head.split("\1")
    author_date = datetime.fromtimestamp(int(at), UTC)
    assert f"{author_date:%Y-%m-%d}" == day
    files = [line.split("\t")[:2] for line in numbers.splitlines() if "\t" in line]
    return SimpleNamespace(
        sha=sha,
        author_date=author_date,
        author_email=email.lower(),
        author_name=name,
        is_merge=len(parents.split()) > 1,
        additions=sum(int(added) for added, _ in files if added != "-"),
        deletions=sum(int(deleted) for _, deleted in files if deleted != "-"),
        files_changed=len(files),
    )


def added_up(commits: Iterable[Any]) -> dict[str, Table]:
    """The tables' rows for commits, however these were read."""
    days: dict[Any, list[Any]] = defaultdict(list)
    months: dict[Any, list[Any]] = defaultdict(list)
    authors: dict[Any, list[Any]] = defaultdict(list)
    for each in commits:
        days[_day(each), each.author_email].append(each)
        months[_day(each).replace(day=1), each.author_email].append(each)
        authors[(each.author_email,)].append(each)
    sums = {key: _sums(each) for key, each in days.items()}
    return {
        "author_days": dict(sums),
        "author_months": {key: (*_sums(each), *_days(each)) for key, each in months.items()},
        "author_totals": {key: (*_sums(each), *_total(each)) for key, each in authors.items()},
        "repo_days": _joined(sums, lambda day: day),
        "repo_weeks": _joined(sums, lambda day: day - timedelta(days=day.weekday())),
    }


async def count_sums(database: Database) -> int:
    """The number of rows in all tables of sums."""
    return sum([await scalar(database, f"SELECT count(*) FROM {table}") for table in TABLES])


def _day(commit: Any) -> date:
    found: date = commit.author_date.astimezone(UTC).date()
    return found


def _sums(commits: list[Any]) -> tuple[int, ...]:
    plain = [commit for commit in commits if not commit.is_merge]
    lines = (sum(getattr(each, name) for each in plain) for name in ("additions", "deletions", "files_changed"))
    return (len(plain), len(commits) - len(plain), *lines)


def _days(commits: list[Any]) -> tuple[Any, ...]:
    plain = {_day(commit) for commit in commits if not commit.is_merge}
    days = {_day(commit) for commit in commits}
    ends = (min(plain), max(plain)) if plain else (None, None)
    return (len(plain), *ends, len(days), min(days), max(days))


def _total(commits: list[Any]) -> tuple[Any, ...]:
    last = max(commits, key=lambda commit: (commit.author_date, commit.author_name))
    return (last.author_name, *_days(commits)[:-1], last.author_date)


def _joined(sums: Table, to: Any) -> Table:
    found: Table = {}
    for (day, _), values in sums.items():
        before = found.get((to(day),), (0,) * len(values))
        found[to(day),] = tuple(map(sum, zip(before, values, strict=True)))
    return found
