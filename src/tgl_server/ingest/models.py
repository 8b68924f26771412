"""The `commits`, `repo_refs` and `sync_runs` tables.

Each grows with commits, so each has `repo_id` first in its primary key. None has a foreign key to `repos`:
a push locks its repository's row once instead of once a row (`docs/decisions/no-foreign-key-from-commits.md`).
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Integer, Interval, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.commits import RunState
from tgl_server.db.base import Base, one_of


class CommitRow(Base):
    """A commit of one repository; the same sha in two repositories is two rows."""

    __tablename__ = "commits"

    # Wide to narrow, so that no row pays for padding.
    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    author_date: Mapped[datetime]
    commit_date: Mapped[datetime]
    ingested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    additions: Mapped[int] = mapped_column(Integer)
    deletions: Mapped[int] = mapped_column(Integer)
    files_changed: Mapped[int] = mapped_column(Integer)
    parent_count: Mapped[int] = mapped_column(Integer)
    is_merge: Mapped[bool]
    sha: Mapped[bytes] = mapped_column(primary_key=True)
    author_name: Mapped[str]
    author_email: Mapped[str]
    committer_name: Mapped[str]
    committer_email: Mapped[str]
    message_title: Mapped[str]
    message_body: Mapped[str | None]
    parents: Mapped[list[bytes] | None] = mapped_column(ARRAY(LargeBinary))

    __table_args__ = (
        Index("ix_commits_repo_id_commit_date", "repo_id", "commit_date"),
        Index("ix_commits_repo_id_author_email_commit_date", "repo_id", "author_email", "commit_date"),
    )


class RepoRef(Base):
    """A branch tip whose whole history the repository has; clients need not walk behind it."""

    __tablename__ = "repo_refs"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sha: Mapped[bytes]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class SyncRun(Base):
    """One push by one client: the sum of its batches."""

    __tablename__ = "sync_runs"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default=RunState.RUNNING)
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_batch_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
    batches: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int] = mapped_column(server_default=text("0"))
    inserted: Mapped[int] = mapped_column(server_default=text("0"))
    skipped: Mapped[int] = mapped_column(server_default=text("0"))
    errors: Mapped[int] = mapped_column(server_default=text("0"))
    client_version: Mapped[str | None]
    user_id: Mapped[UUID | None]
    api_key_id: Mapped[UUID | None]
    error_message: Mapped[str | None]
    clock_skew: Mapped[timedelta | None] = mapped_column(Interval)

    __table_args__ = (
        one_of("state", RunState),
        Index("ix_sync_runs_running", "repo_id", postgresql_where=text("state = 'running'")),
        Index("ix_sync_runs_repo_id_started_at", "repo_id", "started_at"),
    )
