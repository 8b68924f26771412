"""Pushing commits: batches and their answers, `missing`, `refs`, and the repository's sync status.

Lengths are in characters. The rules that no type can state (hexadecimal, no NUL, a date that PostgreSQL can hold) are
the server's, in `tgl_server.ingest`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol import http
from tgl_protocol.about import about

# The pattern is for the document only: `bytes.fromhex` checks the same in half the time.
Sha = Annotated[str, Meta(min_length=40, max_length=40, extra_json_schema={"pattern": "^[0-9a-fA-F]{40}$"})]
Name = Annotated[str, Meta(max_length=http.MAX_NAME_LENGTH)]
Email = Annotated[str, Meta(max_length=http.MAX_EMAIL_LENGTH)]
Count = Annotated[int, Meta(ge=0, le=http.MAX_INT)]
RefName = Annotated[str, Meta(min_length=1, max_length=http.MAX_REF_NAME_LENGTH)]


class Commit(Struct, frozen=True, gc=False):
    """One commit's metadata; a date without a time zone is UTC, and a merge counts no lines.

    `parents` says how many there are and whether it is a merge: `parent_count` and `is_merge` may be left out with it.
    """

    sha: Annotated[Sha, about("40 hexadecimal digits, in upper or lower case")]
    author_name: Annotated[Name, about("The author's name; may be empty")]
    author_email: Annotated[Email, about("The author's address; stored in lower case")]
    committer_name: Annotated[Name, about("The committer's name; may be empty")]
    committer_email: Annotated[Email, about("The committer's address; stored in lower case")]
    commit_date: Annotated[datetime, about("When it was committed; UTC without a zone")]
    message_title: Annotated[
        Annotated[str, Meta(max_length=http.MAX_TITLE_LENGTH)], about("The first line of the message")
    ]
    additions: Annotated[Count, about("Lines added; 0 for a merge")]
    deletions: Annotated[Count, about("Lines deleted; 0 for a merge")]
    files_changed: Annotated[Count, about("Files changed; 0 for a merge")]
    is_merge: Annotated[bool | None, about("True with several parents; by default from `parents`")] = None
    parent_count: Annotated[Count | None, about("How many parents it has; by default from `parents`")] = None
    message_body: Annotated[
        Annotated[str, Meta(max_length=http.MAX_BODY_LENGTH)] | None, about("The rest of the message; null without one")
    ] = None
    author_date: Annotated[datetime | None, about("When it was written; by default the commit date")] = None
    parents: Annotated[
        Annotated[list[Sha], Meta(max_length=http.MAX_PARENTS)] | None,
        about("The shas of its parents, the first one first"),
    ] = None
    generated_additions: Annotated[
        Count | UnsetType, about("Of the lines added those in generated, vendored and lock files")
    ] = UNSET
    generated_deletions: Annotated[Count | UnsetType, about("Of the lines deleted those in such files")] = UNSET
    generated_rules: Annotated[
        Annotated[str, Meta(min_length=1, max_length=http.MAX_RULES_NAME_LENGTH)] | UnsetType,
        about("The name of the rules by which files are such ones; without it the two numbers are not kept"),
    ] = UNSET


class PushBatch(Struct, frozen=True):
    """The body of a push: 1 to 1000 commits, parents before children."""

    commits: Annotated[
        Annotated[list[Commit], Meta(min_length=1, max_length=http.MAX_COMMITS_PER_BATCH)],
        about("The commits, parents before children"),
    ]
    client_version: Annotated[
        Annotated[str, Meta(max_length=http.MAX_CLIENT_VERSION_LENGTH)] | None,
        about("The version of the client, for the sync history"),
    ] = None


class CommitResult(Struct, frozen=True, gc=False):
    """The result for one commit: stored, already there (`inserted` false, no error), or refused with a reason.

    `field` is there for a refused commit, where one field is to blame.
    """

    sha: Annotated[str, about("The commit's sha as it was sent, in lower case")]
    inserted: Annotated[bool, about("True if it was stored by this request")]
    error: Annotated[str | None, about("The reason for a refusal; null for none")] = None
    field: Annotated[str | UnsetType, about("The field to blame for a refusal")] = UNSET


class PushResult(Struct, frozen=True):
    """The result of a batch: `total = inserted + skipped + errors`; `details` are in the order sent."""

    total: Annotated[int, about("Commits in the batch")]
    inserted: Annotated[int, about("Commits that were new")]
    skipped: Annotated[int, about("Commits that were there already, or twice in the batch")]
    errors: Annotated[int, about("Commits that were refused")]
    last_ingested_sha: Annotated[str | None, about("The last valid commit, in the order sent")]
    details: Annotated[list[CommitResult], about("One result for each commit, in the order sent")]


class MissingRequest(Struct, frozen=True):
    """The question which of these shas the repository does not have."""

    shas: Annotated[Annotated[list[Sha], Meta(max_length=http.MAX_MISSING_SHAS)], about("The shas to look up")]


class MissingResult(Struct, frozen=True):
    """The shas that are not stored, each once, in the order asked, in lower case."""

    missing: Annotated[list[str], about("Those that are not stored, each once, in the order asked")]


class RefsUpdate(Struct, frozen=True):
    """Branch tips after a push. A named ref is set, or deleted if null; refs that are not named stay as they are.

    With `last_removal`, as the status had it before the push compared, nothing is recorded if commits were deleted
    since. With `head` the server knows what is on the default branch, and since when.
    """

    refs: Annotated[
        Annotated[dict[RefName, Sha | None], Meta(max_length=http.MAX_REFS)],
        about("The sha of each branch tip by its full name; null deletes one"),
    ]
    last_removal: Annotated[
        Annotated[int, Meta(ge=0)] | None, about("The status's `last_removal`, from before the push")
    ] = None
    head: Annotated[RefName | None, about("The full name of the default branch; null if the client does not know")] = (
        None
    )


class RefsResult(Struct, frozen=True):
    """The tips that the repository has now, by full ref name: the first ones by name, if there are many.

    `refs_total` counts all, `refs_digest` is of all.
    """

    refs: Annotated[dict[str, str], about("The sha of each recorded tip, by its full name")]
    refs_total: Annotated[int | None, about("How many tips are recorded")] = None
    refs_digest: Annotated[str | None, about("A digest of all tips, to compare")] = None


class RefsPage(Struct, frozen=True):
    """A page of recorded tips, by name; total and digest are of all. `next_cursor` is null on the last page."""

    refs: Annotated[dict[str, str], about("The sha of each tip of this page, by its full name")]
    refs_total: Annotated[int, about("How many tips are recorded")]
    refs_digest: Annotated[str, about("A digest of all tips, to compare")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]


class SyncStatus(StrEnum):
    """A sync status: `pending` has never synced, `syncing` has an open run; later `healthy` or `error`."""

    PENDING = "pending"
    SYNCING = "syncing"
    HEALTHY = "healthy"
    ERROR = "error"


class RepoStatus(Struct, frozen=True):
    """A repository's sync state, answered without counting rows.

    The next success clears `error_message`, and keeps `last_error`. `stale` is by the expected cadence, else by the
    learned one: three times the median pause between runs, at least a day. `roots` are commits without parents, by
    which a history is known: the first by sha, as far as they are found yet. `refs` are the first by name, if there
    are many; `refs_total` counts all, `refs_digest` is of all. `last_removal` changes when commits are deleted.
    """

    repo_id: Annotated[UUID, about("The repository's id")]
    status: Annotated[SyncStatus, about("How the last push went, or that one goes on")]
    last_sync_at: Annotated[datetime | None, about("The same as `last_success_at`")]
    last_ingested_sha: Annotated[str | None, about("The last commit of the latest batch")]
    total_commits: Annotated[int, about("How many commits are stored")]
    error_message: Annotated[str | None, about("What is wrong now; null while nothing is")]
    refs: Annotated[dict[str, str], about("The sha of each recorded branch tip, by its full name")]
    last_attempt_at: Annotated[datetime | None, about("When a push last sent something")]
    last_success_at: Annotated[datetime | None, about("When a push last succeeded")]
    stale: Annotated[bool, about("True if it was not pushed to for longer than its cadence")]
    last_error_at: Annotated[datetime | None, about("When the last error happened")] = None
    last_error: Annotated[str | None, about("The last error, also when it is over")] = None
    expected_cadence_seconds: Annotated[int | None, about("Seconds that may pass between pushes, as it was set")] = None
    learned_cadence_seconds: Annotated[int | None, about("Seconds that may pass between pushes, by its past")] = None
    roots: Annotated[
        Annotated[list[str], Meta(max_length=http.MAX_ROOTS_SHOWN)] | None,
        about("The first commits without parents, by sha"),
    ] = None
    refs_total: Annotated[int | None, about("How many tips are recorded")] = None
    refs_digest: Annotated[str | None, about("A digest of all tips, to compare")] = None
    last_removal: Annotated[int | None, about("Changes when commits are deleted; null if none ever were")] = None
    behind_since: Annotated[datetime | None, about("Since when its webhook says the remote is ahead; else null")] = None


class RunState(StrEnum):
    """A run's state: `running` until its tips are recorded, `interrupted` if they never were, or `failed`.

    A pull waits as `queued` first, and may be `cancelled`.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


class RunSource(StrEnum):
    """The origin of a run's commits: a client pushed them, or the server pulled them."""

    PUSH = "push"
    PULL = "pull"


class RunPhase(StrEnum):
    """The phases of a pull: it waits for a worker, fetches the remote, reads what is new, and stores it."""

    QUEUED = "queued"
    FETCHING = "fetching"
    WALKING = "walking"
    STORING = "storing"


class Run(Struct, frozen=True):
    """One push by one client, or one pull by the server: the sum of its batches.

    `key_prefix` is null for a session and for a key that the caller does not see: the project's owner and maintainers,
    and commissioners, see all of them, members their own, and a key that is restricted or only pushes itself.
    """

    id: Annotated[UUID, about("The run's id: `TGL-Run-Id`, if the client sent one")]
    state: Annotated[RunState, about("Whether the run goes on, and how it ended")]
    started_at: Annotated[datetime, about("When its first batch came; for a pull when it began, or was asked for")]
    last_batch_at: Annotated[datetime, about("When its last batch came; a pull also gives signs of life in between")]
    finished_at: Annotated[datetime | None, about("When it ended; null while it goes on")]
    batches: Annotated[int, about("Requests with commits")]
    total: Annotated[int, about("Commits sent")]
    inserted: Annotated[int, about("Commits that were new")]
    skipped: Annotated[int, about("Commits that were there already")]
    errors: Annotated[int, about("Commits that were refused")]
    client_version: Annotated[str | None, about("The client's version, as it told")]
    key_prefix: Annotated[str | None, about("The public first part of the API key")]
    error_message: Annotated[str | None, about("Why it failed; null otherwise")]
    source: Annotated[RunSource, about("Whether a client pushed, or the server pulled")] = RunSource.PUSH
    phase: Annotated[RunPhase | None, about("What a pull does, or did last; null for a push")] = None


class RefusedCommit(Struct, frozen=True):
    """A commit that a run did not store: its sha as it was sent, if it had one, and the reason."""

    sha: Annotated[str | None, about("The sha as it was sent; null if it had none")]
    field: Annotated[str | None, about("The field that is invalid; null where it is none")]
    message: Annotated[str, about("What is wrong with it")]


class RunDetails(Run, frozen=True, kw_only=True):
    """A run with the reasons for its first 100 invalid commits, in the order in which they were refused."""

    refused: Annotated[list[RefusedCommit], about("The first 100 invalid commits")]


class RunPage(Struct, frozen=True):
    """A page of runs, newest first; `next_cursor` is null on the last page."""

    items: Annotated[list[Run], about("The runs of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]


class Limits(Struct, frozen=True):
    """The limits of one request; bodies are in bytes after decompression."""

    commits_per_batch: Annotated[int, about("Commits in one batch")]
    body_bytes: Annotated[int, about("Bytes of a body after decompression")]
    missing_shas: Annotated[int, about("Shas in one `missing` request")]
    refs: Annotated[int, about("Refs in one `refs` request")]
    sync_requests_per_minute: Annotated[int, about("Sync requests of one address in a minute")]


class Capabilities(Struct, frozen=True):
    """The capabilities of a server, so that a client adapts instead of guessing."""

    server_version: Annotated[str, about("The server's version")]
    protocol_version: Annotated[int, about("Raised when old clients could misunderstand")]
    oldest_client: Annotated[str, about("The oldest client version that is served")]
    server_time: Annotated[datetime, about("The server's clock, in UTC")]
    limits: Annotated[Limits, about("What one request may hold")]
    content_encodings: Annotated[list[str], about("Compressions of bodies that are accepted")]
    media_types: Annotated[list[str], about("Types of bodies that pushes accept")]
    features: Annotated[list[str], about("What this server can do beside")]
