"""Storing a batch, in one transaction: what is new is copied into `commits`, and the counters with it.

What the repository has is looked up first, so that a batch sent again costs no more than that. If another push stores
one of the same commits between our look-up and our COPY, the COPY fails and is rolled back, and the batch is merged:
by way of a staging table, with ON CONFLICT DO NOTHING. Either way rows are written in the order of their key.
"""

from collections.abc import Sequence

from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.commits import CommitResult, PushResult, RunState, SyncStatus
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.audit.service import record
from tgl_server.db.copy import RowExists, copy_rows
from tgl_server.db.engine import Database
from tgl_server.ingest import queries
from tgl_server.ingest.actions import SyncAction
from tgl_server.ingest.context import Push
from tgl_server.ingest.decode import PreparedBatch, bad_in_order
from tgl_server.ingest.encode import COLUMNS, split_shas
from tgl_server.ingest.missing import missing_keys
from tgl_server.ingest.phases import Phase, PhaseClock
from tgl_server.ingest.refusals import LeaseLost
from tgl_server.ingest.run_events import tell_runs
from tgl_server.ingest.runs import record_errors


async def store_batch(database: Database, push: Push, batch: PreparedBatch, clock: PhaseClock) -> PushResult:
    """Store the new commits of a batch without its invalid ones; repeating it changes nothing."""
    try:
        async with database.transaction(push.repo_id) as tx:
            new = await _copy_new(tx, push, batch, clock)
            await _count(tx, push, batch, new)
            clock.lap(Phase.COUNT)
    except RowExists:
        async with database.transaction(push.repo_id) as tx:
            new = await _merge(tx, batch)
            await _count(tx, push, batch, new)
            clock.lap(Phase.MERGE)
    clock.lap(Phase.COMMIT)
    return _result(batch, {sha.hex() for sha in new})


async def _copy_new(tx: AsyncSession, push: Push, batch: PreparedBatch, clock: PhaseClock) -> list[bytes]:
    # In the order of the key, which makes the look-up cheaper as well.
    new = await missing_keys(tx, push.repo_id, sorted(batch.rows))
    clock.lap(Phase.LOOK_UP)
    if new:
        await copy_rows(tx, queries.COMMITS, COLUMNS, [batch.rows[sha] for sha in new])
        clock.lap(Phase.COPY)
    return new


async def _merge(tx: AsyncSession, batch: PreparedBatch) -> list[bytes]:
    await tx.execute(queries.CREATE_STAGING)
    await copy_rows(tx, queries.STAGING, COLUMNS, batch.rows.values())
    return split_shas(await tx.scalar(queries.MERGE_STAGED))


async def _count(tx: AsyncSession, push: Push, batch: PreparedBatch, new: list[bytes]) -> None:
    run_state, status = _outcome(push, batch)
    inserted = len(new)
    first_new, last_new = _ends_of(batch, new)
    run_id = push.run_id or uuid7()
    parameters = {
        "repo_id": push.repo_id,
        "run_id": run_id,
        "run_state": run_state,
        "status": status,
        "last_sha": _last_valid_sha(batch),
        "total": len(batch.shas),
        "inserted": inserted,
        "skipped": len(batch.shas) - len(batch.bad) - inserted,
        "errors": len(batch.bad),
        "lease": push.lease,
        "first_new": first_new,
        "last_new": last_new,
        **push.client(batch.client_version),
    }
    is_new = await tx.scalar(queries.COUNT_BATCH, parameters)
    if is_new is None and push.lease is not None:
        raise LeaseLost
    if is_new is None:
        raise errors.NotFound("This repository was deleted during the push.")
    if is_new:
        await record(tx, push.audit_entry(SyncAction.SYNC_STARTED, batch.client_version))
    if batch.bad:
        await record_errors(tx, push.repo_id, run_id, bad_in_order(batch.bad))
    if run_state is not RunState.RUNNING:
        await tell_runs(tx, push.repo_id, [run_id])


def _ends_of(batch: PreparedBatch, new: list[bytes]) -> tuple[bytes | None, bytes | None]:
    """The first and the last of the new commits, in the order sent."""
    if not new:
        return None, None
    found = {sha.hex() for sha in new}
    first = next(sha for sha in batch.shas if sha in found)
    last = next(sha for sha in reversed(batch.shas) if sha in found)
    return bytes.fromhex(first), bytes.fromhex(last)


def _outcome(push: Push, batch: PreparedBatch) -> tuple[RunState, SyncStatus | None]:
    """The new state of run and repository; a batch without a valid commit says nothing about the repository."""
    if push.run_id is not None:
        return RunState.RUNNING, SyncStatus.SYNCING if batch.rows else None
    return (RunState.DONE, SyncStatus.HEALTHY) if batch.rows else (RunState.FAILED, None)


def _last_valid_sha(batch: PreparedBatch) -> bytes | None:
    """The last valid sha in the order sent, new or not."""
    valid = (index for index in range(len(batch.shas) - 1, -1, -1) if index not in batch.bad)
    last = next(valid, None)
    return None if last is None else bytes.fromhex(batch.shas[last])


def _result(batch: PreparedBatch, new: set[str]) -> PushResult:
    """The answer to a push: of two equal shas the first counts as inserted. Empties `new`."""
    inserted = len(new)
    details = []
    for index, sha in enumerate(batch.shas):
        bad = batch.bad.get(index)
        is_new = bad is None and sha in new
        if is_new:
            new.remove(sha)
        details.append(_refused(sha, bad) if bad else CommitResult(sha, is_new))
    last = _last_valid_sha(batch)
    return PushResult(
        total=len(batch.shas),
        inserted=inserted,
        skipped=len(batch.shas) - inserted - len(batch.bad),
        errors=len(batch.bad),
        last_ingested_sha=last.hex() if last else None,
        details=details,
    )


def _refused(sha: str, bad: FieldError) -> CommitResult:
    return CommitResult(sha, inserted=False, error=bad.message, field=bad.field or UNSET)


async def record_refusal(
    tx: AsyncSession,
    push: Push,
    total: int,
    client_version: str | None,
    reason: str,
    reasons: Sequence[FieldError] = (),
) -> None:
    """Record a batch that was refused as a whole: the repository shows the error until a push succeeds.

    `reasons` are those for each invalid commit.
    """
    run_id = push.run_id or uuid7()
    parameters = {
        "repo_id": push.repo_id,
        "run_id": run_id,
        "total": total,
        "message": reason,
        **push.client(client_version),
    }
    await tx.execute(queries.RECORD_REFUSAL, parameters)
    if reasons:
        await record_errors(tx, push.repo_id, run_id, reasons)
    await record(tx, push.audit_entry(SyncAction.SYNC_REFUSED, client_version, reason=reason))
    await tell_runs(tx, push.repo_id, [run_id])
