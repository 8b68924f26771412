"""Pushing commits: the batch and its answer, `missing`, `refs`, and the repository's sync status.

Lengths are in characters. The rules that no type can state (hexadecimal, no NUL, a date inside what
PostgreSQL holds) are the server's, in `tgl_server.ingest`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tgl_protocol import http

# The pattern is documentation only: `bytes.fromhex` checks the same in half the time.
Sha = Annotated[str, Meta(min_length=40, max_length=40, extra_json_schema={"pattern": "^[0-9a-fA-F]{40}$"})]
Name = Annotated[str, Meta(max_length=http.MAX_NAME_LENGTH)]
Email = Annotated[str, Meta(max_length=http.MAX_EMAIL_LENGTH)]
Count = Annotated[int, Meta(ge=0, le=http.MAX_INT)]
RefName = Annotated[str, Meta(min_length=1, max_length=http.MAX_REF_NAME_LENGTH)]


class Commit(Struct, frozen=True, gc=False):
    """One commit's metadata. A date without a zone is UTC; a merge counts no lines."""

    sha: Sha
    author_name: Name
    author_email: Email
    committer_name: Name
    committer_email: Email
    commit_date: datetime
    message_title: Annotated[str, Meta(max_length=http.MAX_TITLE_LENGTH)]
    additions: Count
    deletions: Count
    files_changed: Count
    is_merge: bool
    parent_count: Count
    message_body: Annotated[str, Meta(max_length=http.MAX_BODY_LENGTH)] | None = None
    author_date: datetime | None = None
    parents: Annotated[list[Sha], Meta(max_length=http.MAX_PARENTS)] | None = None


class PushBatch(Struct, frozen=True):
    """The body of a push: 1 to 1000 commits, parents before children."""

    commits: Annotated[list[Commit], Meta(min_length=1, max_length=http.MAX_COMMITS_PER_BATCH)]
    client_version: Annotated[str, Meta(max_length=http.MAX_CLIENT_VERSION_LENGTH)] | None = None


class CommitResult(Struct, frozen=True, gc=False):
    """What became of one commit: stored, already there (`inserted` false, no error), or refused with a reason."""

    sha: str
    inserted: bool
    error: str | None = None


class PushResult(Struct, frozen=True):
    """`total = inserted + skipped + errors`; `details` in the order sent."""

    total: int
    inserted: int
    skipped: int
    errors: int
    last_ingested_sha: str | None
    details: list[CommitResult]


class MissingRequest(Struct, frozen=True):
    """Which of these does the repository lack?"""

    shas: Annotated[list[Sha], Meta(max_length=http.MAX_MISSING_SHAS)]


class MissingResult(Struct, frozen=True):
    """The shas that are not stored, each once, in the order asked, in lower case."""

    missing: list[str]


class RefsUpdate(Struct, frozen=True):
    """Branch tips after a push. A named ref is set, or forgotten when null; refs not named stay as they are."""

    refs: Annotated[dict[RefName, Sha | None], Meta(max_length=http.MAX_REFS)]


class RefsResult(Struct, frozen=True):
    """All the tips that the repository has now, by full ref name."""

    refs: dict[str, str]


class SyncStatus(StrEnum):
    """`pending` has never synced; `syncing` has an open run; then `healthy` or `error`."""

    PENDING = "pending"
    SYNCING = "syncing"
    HEALTHY = "healthy"
    ERROR = "error"


class RepoStatus(Struct, frozen=True):
    """A repository's sync state, answered without counting rows.

    `error_message` goes with the next success, `last_error` stays. `stale` is by the cadence that was set, else by
    the learned one: three times the usual pause between runs, one day at the least.
    """

    repo_id: UUID
    status: SyncStatus
    last_sync_at: datetime | None
    last_ingested_sha: str | None
    total_commits: int
    error_message: str | None
    refs: dict[str, str]
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    stale: bool
    last_error_at: datetime | None = None
    last_error: str | None = None
    expected_cadence_seconds: int | None = None
    learned_cadence_seconds: int | None = None


class RunState(StrEnum):
    """`running` until the client records its refs; `interrupted` when it never did; `failed` when it was refused."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Run(Struct, frozen=True):
    """One push by one client: the sum of its batches."""

    id: UUID
    state: RunState
    started_at: datetime
    last_batch_at: datetime
    finished_at: datetime | None
    batches: int
    total: int
    inserted: int
    skipped: int
    errors: int
    client_version: str | None
    key_prefix: str | None
    error_message: str | None


class RunPage(Struct, frozen=True):
    """Newest first; `next_cursor` is null on the last page."""

    items: list[Run]
    next_cursor: str | None


class PushingClient(Struct, frozen=True):
    """Who pushes to a repository with what: its runs by key (none for a session), user and client version.

    `clock_skew_seconds` is how far its clock is behind ours, by the `Date` header of its latest push that had one.
    """

    key_prefix: str | None
    key_name: str | None
    user_name: str | None
    client_version: str | None
    runs: int
    inserted: int
    last_seen_at: datetime
    clock_skew_seconds: int | None


class PushingClients(Struct, frozen=True):
    """By the last 1000 runs, who was seen last first."""

    items: list[PushingClient]


class Limits(Struct, frozen=True):
    """What one request may hold; bodies in bytes after decompression."""

    commits_per_batch: int
    body_bytes: int
    missing_shas: int
    refs: int
    sync_requests_per_minute: int


class Capabilities(Struct, frozen=True):
    """What this server offers; the client adapts instead of guessing."""

    server_version: str
    protocol_version: int
    oldest_client: str
    server_time: datetime
    limits: Limits
    content_encodings: list[str]
    media_types: list[str]
    features: list[str]


class RefusedLine(Struct, frozen=True):
    """A line of a stream that was not stored; `line` counts from 1."""

    line: int
    sha: str | None
    message: str


class StreamResult(Struct, frozen=True):
    """The end of a stream: `total = inserted + skipped + errors`. `refused` names the first refused lines."""

    total: int
    inserted: int
    skipped: int
    errors: int
    chunks: int
    last_ingested_sha: str | None
    refused: list[RefusedLine]
