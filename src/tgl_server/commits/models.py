"""The tables that pushes write: `repo_states`, `commits`, `ingest_log`, `repo_refs`, `ref_updates`, `sync_runs`,
`sync_run_errors`.

Each has `repo_id` first in its primary key, so that a distributed database can keep a repository's rows together.
None has a foreign key to `repos`: a push locks its repository's state once, instead of a row of `repos` for each
commit (`docs/decisions/no-foreign-key-from-commits.md`).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Integer, Interval, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.commits import RunPhase, RunSource, RunState, SyncStatus
from tgl_protocol.events import Trouble
from tgl_server.db.base import Base, one_of


class IngestKind(StrEnum):
    """The kind of change that a row of the ingest log is about."""

    STORED = "stored"  # `inserted` commits were stored
    REFS = "refs"  # branch tips moved
    REMOVED = "removed"  # commits were deleted
    REBUILT = "rebuilt"  # `verify --fix` corrected the log, by `inserted` commits that it did not have
    FORGOTTEN = "forgotten"  # rows up to this one were deleted, the latest of them from `at`: all had read them


class RepoState(Base):
    """The sync state and the counters of a repository, made with it; counters are kept up to date, never counted."""

    __tablename__ = "repo_states"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    sync_status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    error_message: Mapped[str | None]
    last_attempt_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_ingested_sha: Mapped[bytes | None]
    total_commits: Mapped[int] = mapped_column(server_default=text("0"))
    last_error_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    learned_cadence: Mapped[timedelta | None] = mapped_column(Interval)
    learned_at: Mapped[datetime | None]
    #: The `seq` of the last row of the ingest log.
    ingest_seq: Mapped[int] = mapped_column(server_default=text("0"))
    #: The number and the digest of the recorded tips, which `docs/decisions/many-branches.md` defines.
    refs_total: Mapped[int] = mapped_column(server_default=text("0"))
    refs_digest: Mapped[bytes] = mapped_column(server_default=text("sha256(''::bytea)"))
    #: The `seq` of the last row of the ingest log about deleted commits.
    removed_seq: Mapped[int] = mapped_column(server_default=text("0"))
    #: The full name of the default branch, as a client has told; null where none has.
    head: Mapped[str | None]
    #: Counts every change of the row.
    version: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (
        one_of("sync_status", SyncStatus),
        # Every batch updates its repository's state: room on the page keeps those updates off the index.
        {"postgresql_with": {"fillfactor": "50"}},
    )


class CommitRow(Base):
    """A commit of one repository; the same sha in two repositories is two rows."""

    __tablename__ = "commits"

    # Wide columns before narrow ones, so that rows have no padding.
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
    # Null where the client did not say, or nothing of it is generated.
    generated_additions: Mapped[int | None] = mapped_column(Integer)
    generated_deletions: Mapped[int | None] = mapped_column(Integer)
    generated_rules: Mapped[str | None]

    __table_args__ = (
        Index("ix_commits_repo_id_commit_date", "repo_id", "commit_date"),
        # For followers of the ingest log: the commits of a batch by its time.
        Index("ix_commits_repo_id_ingested_at", "repo_id", "ingested_at"),
        # For lists of merges alone: a repository may have few among millions.
        Index("ix_commits_merges", "repo_id", "commit_date", postgresql_where=text("is_merge")),
        Index("ix_commits_repo_id_author_email_commit_date", "repo_id", "author_email", "commit_date"),
    )


class IngestLogRow(Base):
    """A change in a repository; `seq` is assigned under the lock of its state, so it follows the order of COMMITs.

    `at` is the `ingested_at` of the stored commits, which two batches may share.
    """

    __tablename__ = "ingest_log"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    inserted: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    kind: Mapped[str]

    __table_args__ = (one_of("kind", IngestKind),)


class RepoRef(Base):
    """A branch tip whose whole history the repository has, so that clients need not walk beyond it."""

    __tablename__ = "repo_refs"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sha: Mapped[bytes]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class RefUpdate(Base):
    """That the tip of the default branch moved, or that another branch became it; `seq` is that of the ingest log."""

    __tablename__ = "ref_updates"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sha: Mapped[bytes]
    at: Mapped[datetime]


class RepoTrouble(Base):
    """That a repository is failing or stale, as was told; gone when it has recovered."""

    __tablename__ = "repo_troubles"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    trouble: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (one_of("trouble", Trouble),)


class SyncRun(Base):
    """One push by one client, or one pull by the server: the sum of its batches.

    A pull without a batch gives signs of life: `last_batch_at` moves with its lease, so that no reader and no sweep
    takes a long fetch for an interrupted run.
    """

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
    source: Mapped[str] = mapped_column(server_default=text("'push'"))
    phase: Mapped[str | None]
    #: The first and the last commit that were new, in the order in which they arrived.
    first_sha: Mapped[bytes | None]
    last_sha: Mapped[bytes | None]

    __table_args__ = (
        one_of("state", RunState),
        one_of("source", RunSource),
        one_of("phase", RunPhase),
        Index("ix_sync_runs_running", "repo_id", postgresql_where=text("state = 'running'")),
        Index("ix_sync_runs_repo_id_started_at", "repo_id", "started_at"),
    )


class SyncRunError(Base):
    """The reason why a run did not store a commit; a run keeps the first 100, numbered from 1.

    The sha is text, as it was sent: it may be what is wrong. In the collation "C" its index finds beginnings of shas.
    """

    __tablename__ = "sync_run_errors"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True)
    sha: Mapped[str | None] = mapped_column(Text(collation="C"))
    field: Mapped[str | None]
    message: Mapped[str]

    __table_args__ = (Index("ix_sync_run_errors_repo_id_sha", "repo_id", "sha"),)
