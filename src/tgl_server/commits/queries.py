"""The SQL of a repository's contents: making its state, listing its commits, deleting everything."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import LargeBinary, Select, Uuid, func, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from tgl_server.access.ids import RepoId
from tgl_server.commits.models import CommitRow

CommitKey = tuple[datetime, bytes]


class CommitSort(StrEnum):
    """A date to sort commits by: when they were made, or when this server stored them."""

    COMMIT_DATE = "commit_date"
    INGESTED_AT = "ingested_at"


class SortOrder(StrEnum):
    """The newest first (`desc`), or the oldest (`asc`)."""

    DESC = "desc"
    ASC = "asc"


class CommitFilter(Struct, frozen=True, kw_only=True):
    """A filter of commits; a field of None matches any. `author` is in lower case, `shas` are those of a branch."""

    author: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_merge: bool | None = None
    shas: list[bytes] | None = None

    @property
    def matches_all(self) -> bool:
        return self == CommitFilter()


def commits_page(
    repo_id: RepoId, wanted: CommitFilter, sort: CommitSort, order: SortOrder, after: CommitKey | None, limit: int
) -> Select[CommitRow]:
    """At most `limit` commits in order, after a key, which is a date and a sha.

    It has only the conditions asked for, so that each combination is a statement with a plan of its own: one with
    `:author IS NULL OR ...` scans the repository once PostgreSQL prepares it for any value. Each index gives the
    order except for equal dates, which are sorted as they come. The sub-select hides from PostgreSQL which repository
    it is: one made since the last ANALYZE would be taken for empty, and read and sorted as a whole.
    """
    whose = select(literal(repo_id, Uuid)).scalar_subquery()
    found = select(CommitRow).where(CommitRow.repo_id == whose)
    if wanted.author is not None:
        found = found.where(CommitRow.author_email == wanted.author)
    if wanted.since is not None:
        found = found.where(CommitRow.commit_date >= wanted.since)
    if wanted.until is not None:
        found = found.where(CommitRow.commit_date < wanted.until)
    if wanted.is_merge is not None:
        # Written out, since the index of merges serves only who says so.
        found = found.where(CommitRow.is_merge if wanted.is_merge else ~CommitRow.is_merge)
    if wanted.shas is not None:
        found = found.where(CommitRow.sha == func.any(literal(wanted.shas, ARRAY(LargeBinary))))
    return _in_order(found, getattr(CommitRow, sort), order, after).limit(limit)


def _in_order(
    found: Select[CommitRow], date: InstrumentedAttribute[datetime], order: SortOrder, after: CommitKey | None
) -> Select[CommitRow]:
    key = tuple_(date, CommitRow.sha)
    # The first condition of each pair follows from the second, but is the one at which an index scan can start.
    if order is SortOrder.ASC:
        if after is not None:
            found = found.where(date >= after[0], key > tuple_(*after))
        return found.order_by(date, CommitRow.sha)
    if after is not None:
        found = found.where(date <= after[0], key < tuple_(*after))
    return found.order_by(date.desc(), CommitRow.sha.desc())


ONE_COMMIT = text("SELECT * FROM commits WHERE repo_id = :repo_id AND sha = :sha")

TOTAL = text("SELECT total_commits FROM repo_states WHERE repo_id = :repo_id")

CREATE_STATE = text("INSERT INTO repo_states (repo_id) VALUES (:repo_id)")

# In one order, as two may delete at once. A push updates its repository's state after its commits, so it waits here,
# finds the state gone and is rolled back: it cannot leave commits behind.
LOCK_STATES = text("""
    SELECT repo_id FROM repo_states WHERE repo_id = ANY(CAST(:repo_ids AS uuid[])) ORDER BY repo_id FOR UPDATE
""")

# For repairs and other changes of a repository's contents while pushes are running.
LOCK_STATE = text("SELECT repo_id FROM repo_states WHERE repo_id = :repo_id FOR NO KEY UPDATE")


def recorded(repo_id: str) -> str:
    """A query for the number and the digest of the recorded tips of the repository that an expression names.

    The digest is a hash of the sorted hashes of each tip, so that neither collation nor length of names matters.
    `tgl_protocol.refs` computes it in Python.
    """
    return f"""
        SELECT count(*) AS total, sha256(coalesce(string_agg(tip, CAST('' AS bytea) ORDER BY tip), '')) AS digest
        FROM (
            SELECT sha256(convert_to(name, 'UTF8') || CAST('\\x00' AS bytea) || sha) AS tip
            FROM repo_refs WHERE repo_id = {repo_id}
        ) hashed
    """  # noqa: S608 -- our own text


# A row of the log about any change but stored commits, which `COUNT_BATCH` logs.
LOG_CHANGE = text(f"""
    WITH state AS (
        UPDATE repo_states SET
            version = version + 1, ingest_seq = ingest_seq + 1, refs_total = r.total, refs_digest = r.digest,
            removed_seq = CASE WHEN CAST(:kind AS text) = 'removed' THEN ingest_seq + 1 ELSE removed_seq END
        FROM ({recorded(":repo_id")}) r
        WHERE repo_id = :repo_id RETURNING repo_id, ingest_seq
    )
    INSERT INTO ingest_log (repo_id, seq, at, kind)
    SELECT repo_id, ingest_seq, now(), CAST(:kind AS text) FROM state
""")  # noqa: S608 -- our own text

# It is not stored which commit was sent last; the one with the newest date is the best guess.
RENEW_LAST_SHA = text("""
    UPDATE repo_states s SET version = version + 1, last_ingested_sha = (
        SELECT sha FROM commits WHERE repo_id = :repo_id ORDER BY commit_date DESC, sha DESC LIMIT 1
    )
    WHERE s.repo_id = :repo_id
      AND NOT EXISTS (SELECT FROM commits c WHERE c.repo_id = :repo_id AND c.sha = s.last_ingested_sha)
""")

DELETE_LOG = text("DELETE FROM ingest_log WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_STATES = text("DELETE FROM repo_states WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

# The tip of the default branch, if it is another than the last one of its history.
NOTE_HEAD = text("""
    INSERT INTO ref_updates (repo_id, seq, name, sha, at)
    SELECT s.repo_id, s.ingest_seq, f.name, f.sha, now()
    FROM repo_states s JOIN repo_refs f ON f.repo_id = s.repo_id AND f.name = s.head
    WHERE s.repo_id = :repo_id AND f.sha IS DISTINCT FROM (
        SELECT u.sha FROM ref_updates u WHERE u.repo_id = s.repo_id ORDER BY u.seq DESC LIMIT 1
    )
""")

SET_HEAD = text("""
    UPDATE repo_states SET head = :head, version = version + 1
    WHERE repo_id = :repo_id AND head IS DISTINCT FROM CAST(:head AS text)
""")

DELETE_UPDATES = text("DELETE FROM ref_updates WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_REFS = text("DELETE FROM repo_refs WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_RUN_ERRORS = text("DELETE FROM sync_run_errors WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_RUNS = text("DELETE FROM sync_runs WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_COMMITS = text("DELETE FROM commits WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")
