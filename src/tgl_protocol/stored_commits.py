"""Listing the commits that a repository has."""

from datetime import datetime

from msgspec import Struct


class StoredCommit(Struct, frozen=True, kw_only=True, gc=False):
    """One commit as it is kept: e-mails and shas in lower case, dates in UTC; `parents` null when none were sent."""

    sha: str
    author_name: str
    author_email: str
    author_date: datetime
    committer_name: str
    committer_email: str
    commit_date: datetime
    message_title: str
    message_body: str | None
    additions: int
    deletions: int
    files_changed: int
    is_merge: bool
    parent_count: int
    parents: list[str] | None
    ingested_at: datetime


class CommitPage(Struct, frozen=True):
    """Newest first by `commit_date`; `next_cursor` is null on the last page."""

    items: list[StoredCommit]
    next_cursor: str | None
