"""Synthetic commits in the sizes of real ones, and their rows as a driver takes them."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tgl_protocol.commits import Commit

Row = tuple[Any, ...]

#: Of `commit_row`, in order.
COLUMNS = (
    "sha",
    "author_name",
    "author_email",
    "committer_name",
    "committer_email",
    "author_date",
    "commit_date",
    "message_title",
    "message_body",
    "additions",
    "deletions",
    "files_changed",
    "is_merge",
    "parent_count",
    "parents",
)

_WORDS = [
    "add",
    "fix",
    "remove",
    "the",
    "a",
    "of",
    "parser",
    "index",
    "cache",
    "when",
    "branch",
    "test",
    "for",
    "object",
    "pack",
    "reading",
    "without",
    "merge",
]
_START = datetime(2005, 4, 7, tzinfo=UTC)


def synthetic_commits(count: int, seed: int) -> list[Commit]:
    """Commits with random shas; the same seed gives the same ones."""
    return list(_commits(count, random.Random(seed)))


def _commits(count: int, rng: random.Random) -> Iterator[Commit]:
    people = [f"Developer {n}" for n in range(400)]
    parent = hashlib.sha1(str(rng.random()).encode()).hexdigest()
    for n in range(count):
        sha = hashlib.sha1(f"{parent}{n}".encode()).hexdigest()
        author = rng.randrange(len(people))
        date = _START + timedelta(minutes=30 * n + rng.randrange(30))
        yield Commit(
            sha=sha,
            author_name=people[author],
            author_email=f"developer{author}@example.com",
            committer_name=people[author],
            committer_email=f"developer{author}@example.com",
            commit_date=date,
            message_title=" ".join(rng.choices(_WORDS, k=8)),
            additions=rng.randrange(200),
            deletions=rng.randrange(100),
            files_changed=rng.randrange(1, 9),
            is_merge=False,
            parent_count=1,
            message_body=" ".join(rng.choices(_WORDS, k=rng.randrange(80))) or None,
            author_date=date,
            parents=[parent],
        )
        parent = sha


def commit_row(commit: Commit) -> Row:
    """A commit as a row: the values of `COLUMNS`."""
    return tuple(_value(commit, column) for column in COLUMNS)


def _value(commit: Commit, column: str) -> Any:
    value = getattr(commit, column)
    if column == "sha":
        return bytes.fromhex(value)
    return [bytes.fromhex(parent) for parent in value] if column == "parents" else value
