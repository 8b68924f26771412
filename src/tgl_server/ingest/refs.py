"""Recorded branch tips: setting, deleting and paging them. A function takes its transaction first and never commits."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.commits import RefsPage, RefsResult
from tgl_protocol.http import MAX_REF_NAME_LENGTH, MAX_REFS
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import lock_state, log_change, note_head, set_head
from tgl_server.db.rows import changed_rows
from tgl_server.http.pagination import decode_cursor, encode_cursor
from tgl_server.ingest import queries
from tgl_server.ingest.context import Push
from tgl_server.ingest.missing import missing_shas
from tgl_server.ingest.ref_names import check_head, check_refs
from tgl_server.ingest.refusals import CommitsRemoved, UnknownCommits
from tgl_server.ingest.run_events import tell_runs

# The names in one answer, in bytes; with shas and punctuation, ten thousand tips of usual names are as much.
_PAGE_BYTES = 1024 * 1024
_MAX_NAME_BYTES = 4 * MAX_REF_NAME_LENGTH


async def update_refs(
    tx: AsyncSession,
    push: Push,
    refs: dict[str, str | None],
    last_removal: int | None = None,
    max_refs: int = MAX_REFS,
    head: str | None = None,
) -> RefsResult:
    """Set and delete branch tips, and close the run if there is one; refuses a tip whose commit is not stored.

    `head` is the full name of the default branch, where the client knows it.
    """
    if not await lock_state(tx, push.repo_id):
        raise errors.NotFound("This repository was deleted during the push.")
    tips = {name: sha for name, sha in refs.items() if sha is not None}
    check_refs(refs)
    check_head(head)
    if tips:
        await _check_not_removed(tx, push, last_removal)
        await _check_stored(tx, push.repo_id, tips)
    moved = await _move_tips(tx, push.repo_id, tips, gone=refs.keys() - tips.keys())
    is_new_head = head is not None and await set_head(tx, push.repo_id, head)
    if moved or is_new_head:
        await log_change(tx, push.repo_id, IngestKind.REFS)
        await note_head(tx, push.repo_id)
    if push.run_id is not None:
        await tx.execute(queries.FINISH_RUN, {"repo_id": push.repo_id, "run_id": push.run_id})
        await tell_runs(tx, push.repo_id, [push.run_id])
    counted = (await tx.execute(queries.COUNTED_REFS, {"repo_id": push.repo_id})).one()
    rows = await tx.execute(queries.REFS, {"repo_id": push.repo_id, **first_refs(max_refs)})
    return RefsResult({row.name: row.sha for row in rows}, counted.refs_total, counted.refs_digest.hex())


async def list_refs(connection: AsyncConnection, repo_id: RepoId, *, limit: int, cursor: str | None) -> RefsPage:
    """One page of tips, by name; long names make a page shorter than `limit`."""
    (after,) = decode_cursor(cursor, tuple[str]) if cursor else ("",)
    counted = (await connection.execute(queries.COUNTED_REFS, {"repo_id": repo_id})).one_or_none()
    if counted is None:
        raise errors.NotFound
    bounds = first_refs(limit, after)
    refs = {row.name: row.sha for row in await connection.execute(queries.REFS, {"repo_id": repo_id, **bounds})}
    next_cursor = encode_cursor(next(reversed(refs))) if _is_full(refs, limit) else None
    return RefsPage(refs, counted.refs_total, counted.refs_digest.hex(), next_cursor)


def _is_full(refs: Collection[str], limit: int) -> bool:
    """True for a page that another one may follow: the longest name would not have fitted on it."""
    return len(refs) == limit or sum(len(name.encode()) for name in refs) > _PAGE_BYTES - _MAX_NAME_BYTES


def first_refs(limit: int, after: str = "") -> dict[str, Any]:
    """The parameters of a query for tips after a name."""
    return {"after": after, "limit": limit, "bytes": _PAGE_BYTES}


async def _move_tips(tx: AsyncSession, repo_id: RepoId, tips: dict[str, str], gone: Collection[str]) -> int:
    """Set and delete tips; the number of those that are new, moved or deleted."""
    moved = 0
    if tips:
        names = {"names": list(tips), "shas": [bytes.fromhex(sha) for sha in tips.values()]}
        moved += await changed_rows(tx, queries.SET_REFS, repo_id=repo_id, **names)
    if gone:
        moved += await changed_rows(tx, queries.FORGET_REFS, repo_id=repo_id, names=list(gone))
    return moved


async def _check_not_removed(tx: AsyncSession, push: Push, last_removal: int | None) -> None:
    """Refuse tips if commits were deleted since the push asked what is missing: some of theirs may be among them.

    A client that does not say what it saw is judged by the beginning of its run.
    """
    counted = (await tx.execute(queries.COUNTED_REFS, {"repo_id": push.repo_id})).one()
    which = {"repo_id": push.repo_id, "run_id": push.run_id}
    if last_removal is not None:
        is_removed = counted.removed_seq != last_removal
    else:
        is_removed = counted.removed_seq > 0 and await tx.scalar(queries.BEGAN_BEFORE_REMOVAL, which)
    if is_removed:
        raise CommitsRemoved


async def _check_stored(tx: AsyncSession, repo_id: RepoId, tips: dict[str, str]) -> None:
    unknown = set(await missing_shas(tx, repo_id, tips.values()))
    if unknown:
        raise UnknownCommits(
            errors=[
                FieldError("This commit is not stored", sha=sha.lower(), field=name)
                for name, sha in tips.items()
                if sha.lower() in unknown
            ]
        )
