"""Commits for the wire, as functions with defaults."""

import hashlib
import json
from typing import Any

#: The header of a stream.
NDJSON = {"Content-Type": "application/x-ndjson"}


def sha_of(name: object) -> str:
    """A sha for any value: forty hexadecimal digits."""
    return hashlib.sha1(str(name).encode()).hexdigest()


def commit(name: object = "one", **fields: Any) -> dict[str, Any]:
    """A valid commit as JSON; any field may be given, and `...` leaves it out."""
    found = {
        "sha": sha_of(name),
        "author_name": "Ada",
        "author_email": "ada@example.com",
        "committer_name": "Grace",
        "committer_email": "grace@example.com",
        "commit_date": "2026-01-02T12:00:00+01:00",
        "message_title": f"commit {name}",
        "message_body": None,
        "additions": 42,
        "deletions": 15,
        "files_changed": 3,
        "is_merge": False,
        "parent_count": 1,
        **fields,
    }
    return {key: value for key, value in found.items() if value is not ...}


def batch(*commits: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A push body."""
    return {"commits": list(commits), "client_version": "0.1.0", **fields}


def numbered(count: int, start: int = 0) -> list[dict[str, Any]]:
    """`count` different commits."""
    return [commit(number) for number in range(start, start + count)]


def lines_of(commits: list[dict[str, Any]]) -> bytes:
    """The body of a stream."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in commits)
