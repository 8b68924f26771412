"""Adding commits up by day and author."""

from datetime import UTC, date, datetime
from typing import Any

from tgl_server.activity.sums import add_up


def row(**fields: Any) -> dict[str, Any]:
    """A commit as the follower reads it."""
    found = {
        "author_date": datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC),
        "author_email": "ada@example.com",
        "author_name": "Ada",
        "is_merge": False,
        "additions": 5,
        "deletions": 3,
        "files_changed": 1,
    }
    return found | fields


def test_commits_of_one_day_and_author_are_added_up() -> None:
    (found,) = add_up([row(), row(author_date=datetime(2026, 1, 2, tzinfo=UTC), additions=7)])
    assert (found.day, found.author_email) == (date(2026, 1, 2), "ada@example.com")
    assert (found.commits, found.merges) == (2, 0)
    assert (found.additions, found.deletions, found.files_changed) == (12, 6, 2)


def test_a_merge_is_counted_apart_and_its_lines_are_not() -> None:
    (found,) = add_up([row(), row(is_merge=True, additions=1000)])
    assert (found.commits, found.merges, found.additions) == (1, 1, 5)


def test_days_and_authors_are_apart_and_in_order() -> None:
    later = datetime(2026, 1, 3, tzinfo=UTC)
    found = add_up([row(author_date=later), row(author_email="ben@example.com"), row(), row(author_email="")])
    assert [(each.day.day, each.author_email) for each in found] == [
        (2, ""), (2, "ada@example.com"), (2, "ben@example.com"), (3, "ada@example.com"),
    ]  # fmt: skip


def test_the_name_is_that_of_the_last_commit_and_of_two_at_one_moment_the_greater() -> None:
    early = datetime(2026, 1, 2, tzinfo=UTC)
    (found,) = add_up([row(author_name="b"), row(author_name="a"), row(author_name="z", author_date=early)])
    assert (found.author_name, found.last_at) == ("b", row()["author_date"])


def test_nothing_adds_up_to_nothing() -> None:
    assert add_up([]) == []
