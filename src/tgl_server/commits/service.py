"""A repository's contents: making its state, listing its commits, deleting everything."""

import re
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.problem import FieldError
from tgl_protocol.stored_commits import CommitPage, StoredCommit
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.access.names import Names
from tgl_server.commits import queries
from tgl_server.commits.models import IngestKind
from tgl_server.commits.queries import CommitFilter, CommitKey, CommitSort, SortOrder
from tgl_server.db.rows import changed_rows
from tgl_server.http.pagination import Instant, bad_cursor, cut_page, decode_cursor

_SHA: Final = re.compile(r"[0-9a-fA-F]{40}")


async def list_commits(
    connection: AsyncConnection,
    repo_id: RepoId,
    wanted: CommitFilter,
    names: Names,
    *,
    sort: CommitSort = CommitSort.COMMIT_DATE,
    order: SortOrder = SortOrder.DESC,
    cursor: str | None,
    limit: int,
) -> CommitPage:
    """One page of commits; commits pushed meanwhile neither repeat nor hide those of the next page.

    `total` is the repository's counter, and so there only without a filter. Nothing is found by an address that the
    viewer is not shown.
    """
    if wanted.author is not None and names.is_unseen(wanted.author):
        wanted = replace(wanted, shas=[])
    after = _key_of(cursor, sort, order) if cursor else None
    query = queries.commits_page(repo_id, wanted, sort, order, after, limit + 1)
    rows = (await connection.execute(query)).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row[sort], row["sha"], *_mark(sort, order)))
    total = await connection.scalar(queries.TOTAL, {"repo_id": repo_id}) if wanted.matches_all else None
    return CommitPage([names.commit(stored_commit(row)) for row in page], next_cursor, total)


def _mark(sort: CommitSort, order: SortOrder) -> tuple[str, ...]:
    """What a cursor says beside its key, so that a list of another order refuses it; nothing for the usual order."""
    return () if (sort, order) == (CommitSort.COMMIT_DATE, SortOrder.DESC) else (sort, order)


def _key_of(cursor: str, sort: CommitSort, order: SortOrder) -> CommitKey:
    mark = _mark(sort, order)
    if not mark:
        return decode_cursor(cursor, tuple[Instant, bytes])
    at, sha, *found = decode_cursor(cursor, tuple[Instant, bytes, CommitSort, SortOrder])
    if tuple(found) != mark:
        raise bad_cursor()
    return at, sha


async def get_commit(connection: AsyncConnection, repo_id: RepoId, sha: str, names: Names) -> StoredCommit:
    """One commit by its whole sha, in upper or lower case; raises `NotFound`, or a 422 error for what is no sha."""
    if not _SHA.fullmatch(sha):
        raise errors.InvalidParameter(errors=[FieldError("Expected 40 hexadecimal digits", field="sha")])
    found = await connection.execute(queries.ONE_COMMIT, {"repo_id": repo_id, "sha": bytes.fromhex(sha)})
    row = found.mappings().one_or_none()
    if row is None:
        raise errors.NotFound("The repository has no such commit.")
    return names.commit(stored_commit(row))


async def create_state(tx: AsyncSession, repo_id: RepoId) -> None:
    """Make the state of a new repository."""
    await tx.execute(queries.CREATE_STATE, {"repo_id": repo_id})


async def lock_state(tx: AsyncSession, repo_id: RepoId) -> bool:
    """Keep pushes from counting until the transaction ends; False if the repository has no state, or is deleted."""
    return await tx.scalar(queries.LOCK_STATE, {"repo_id": repo_id}) is not None


async def log_change(tx: AsyncSession, repo_id: RepoId, kind: IngestKind) -> None:
    """Tell the followers of the ingest log that tips moved, or that commits were deleted; counts the tips anew."""
    await tx.execute(queries.LOG_CHANGE, {"repo_id": repo_id, "kind": kind})


async def set_head(tx: AsyncSession, repo_id: RepoId, head: str) -> bool:
    """Note which branch is the default one; False if it was already."""
    return bool(await changed_rows(tx, queries.SET_HEAD, repo_id=repo_id, head=head))


async def note_head(tx: AsyncSession, repo_id: RepoId) -> None:
    """Add the tip of the default branch to its history if it has moved; the log has a row of its own before."""
    await tx.execute(queries.NOTE_HEAD, {"repo_id": repo_id})


async def delete_stored(tx: AsyncSession, repo_ids: Iterable[RepoId]) -> int:
    """Delete the commits, log, tips, runs and states of repositories; the number of commits deleted.

    The states are locked first: without a foreign key from commits, a running push would leave its own behind.
    """
    whose = {"repo_ids": list(repo_ids)}
    await tx.execute(queries.LOCK_STATES, whose)
    await tx.execute(queries.DELETE_REFS, whose)
    await tx.execute(queries.DELETE_UPDATES, whose)
    await tx.execute(queries.DELETE_RUN_ERRORS, whose)
    await tx.execute(queries.DELETE_RUNS, whose)
    deleted = await changed_rows(tx, queries.DELETE_COMMITS, **whose)
    await tx.execute(queries.DELETE_LOG, whose)
    await tx.execute(queries.DELETE_STATES, whose)
    return deleted


def stored_commit(row: RowMapping) -> StoredCommit:
    """A row of `commits` as readers see it."""
    plain = {name: row[name] for name in StoredCommit.__struct_fields__ if name not in ("sha", "parents")}
    parents = row["parents"]
    return StoredCommit(
        **plain, sha=row["sha"].hex(), parents=None if parents is None else [sha.hex() for sha in parents]
    )
