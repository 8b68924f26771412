"""Taking commits in: the rules of a push, of `missing`, `refs`, status and runs.

A function takes its transaction first and never commits. What must outlive a refusal takes the database.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.commits import (
    CommitResult,
    PushResult,
    RefsResult,
    RepoStatus,
    RunState,
    SyncStatus,
)
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.principal import Principal
from tgl_server.db.copy import copy_rows
from tgl_server.ingest import queries
from tgl_server.ingest.decode import COLUMNS, PreparedBatch, decode_shas
from tgl_server.ingest.measure import Phase, PhaseClock
from tgl_server.ingest.sweep import INTERRUPTED
from tgl_server.origin import Origin
from tgl_server.projects.models import RepoId

_SHA_DIGITS = 40


class Push(Struct, frozen=True):
    """Whose batch it is. Without a run id of the client's, the batch is a run of its own."""

    repo_id: RepoId
    run_id: UUID | None
    principal: Principal
    origin: Origin
    clock_skew: timedelta | None = None


async def ingest_batch(tx: AsyncSession, push: Push, batch: PreparedBatch, clock: PhaseClock) -> PushResult:
    """Store what is new of a batch whose bad commits are to be left out; repeating it changes nothing."""
    await tx.execute(queries.CREATE_STAGING)
    await copy_rows(tx, queries.STAGING, COLUMNS, batch.rows)
    clock.lap(Phase.STAGE)
    merged = (await tx.execute(queries.MERGE_STAGED, _merge_parameters(push, batch))).mappings().one_or_none()
    if merged is None:
        raise errors.NotFound("This repository was deleted during the push.")
    if merged["is_new"]:
        await record(tx, _entry(AuditAction.SYNC_STARTED, push, batch.client_version))
    result = _result(batch, inserted=_cut(merged["shas"]))
    clock.lap(Phase.MERGE)
    return result


def _merge_parameters(push: Push, batch: PreparedBatch) -> dict[str, Any]:
    run_state, status = _outcome(push, batch)
    return {
        "repo_id": push.repo_id,
        "run_id": push.run_id or uuid7(),
        "run_state": run_state,
        "status": status,
        "last_sha": _last_valid_sha(batch),
        "total": len(batch.shas),
        "errors": len(batch.bad),
        **_client(push, batch.client_version),
    }


def _outcome(push: Push, batch: PreparedBatch) -> tuple[RunState, SyncStatus | None]:
    """Of the run and of the repository; a batch without a valid commit says nothing about the repository."""
    if push.run_id is not None:
        return RunState.RUNNING, SyncStatus.SYNCING if batch.rows else None
    return (RunState.DONE, SyncStatus.HEALTHY) if batch.rows else (RunState.FAILED, None)


def _client(push: Push, client_version: str | None) -> dict[str, Any]:
    return {
        "client_version": client_version,
        "user_id": push.principal.user_id,
        "api_key_id": push.principal.key_id,
        "clock_skew": push.clock_skew,
    }


def _last_valid_sha(batch: PreparedBatch) -> bytes | None:
    """In the order sent, whether it is new or not."""
    valid = (index for index in range(len(batch.shas) - 1, -1, -1) if index not in batch.bad)
    last = next(valid, None)
    return None if last is None else bytes.fromhex(batch.shas[last])


def _entry(action: AuditAction, push: Push, client_version: str | None, **details: str) -> AuditEntry:
    return AuditEntry(
        action=action,
        outcome=AuditOutcome.REFUSED if action is AuditAction.SYNC_REFUSED else AuditOutcome.SUCCESS,
        actor_user_id=push.principal.user_id,
        actor_key_id=push.principal.key_id,
        resource_type="repo",
        resource_id=str(push.repo_id),
        origin=push.origin,
        details={"run_id": str(push.run_id) if push.run_id else None, "client_version": client_version, **details},
    )


def _result(batch: PreparedBatch, inserted: list[str]) -> PushResult:
    """The first of two equal shas is the one that was inserted."""
    new = set(inserted)
    details = []
    for index, sha in enumerate(batch.shas):
        bad = batch.bad.get(index)
        is_new = bad is None and sha in new
        new.discard(sha)
        details.append(CommitResult(sha, is_new, bad.message if bad else None))
    last = _last_valid_sha(batch)
    return PushResult(
        total=len(batch.shas),
        inserted=len(inserted),
        skipped=len(batch.shas) - len(inserted) - len(batch.bad),
        errors=len(batch.bad),
        last_ingested_sha=last.hex() if last else None,
        details=details,
    )


def _cut(shas: bytes) -> list[str]:
    """Shas in hexadecimal from their bytes in one piece."""
    digits = shas.hex()
    return [digits[start : start + _SHA_DIGITS] for start in range(0, len(digits), _SHA_DIGITS)]


async def record_refusal(tx: AsyncSession, push: Push, total: int, client_version: str | None, reason: str) -> None:
    """Remember a batch that was refused as a whole: the repository shows the error until a push succeeds."""
    await tx.execute(
        queries.RECORD_REFUSAL,
        {
            "repo_id": push.repo_id,
            "run_id": push.run_id or uuid7(),
            "total": total,
            "message": reason,
            **_client(push, client_version),
        },
    )
    await record(tx, _entry(AuditAction.SYNC_REFUSED, push, client_version, reason=reason))


async def missing_shas(tx: AsyncSession, repo_id: RepoId, shas: list[str]) -> list[str]:
    """Which of these the repository lacks, each once, in the order asked."""
    return await _lacking(tx, repo_id, decode_shas(shas, _bad_sha))


async def _lacking(tx: AsyncSession, repo_id: RepoId, wanted: list[bytes]) -> list[str]:
    await tx.execute(queries.PLAN_ANEW)
    lacking = await tx.scalar(queries.MISSING_SHAS, {"repo_id": repo_id, "shas": wanted})
    return _cut(lacking or b"")


async def update_refs(tx: AsyncSession, push: Push, refs: dict[str, str | None]) -> RefsResult:
    """Set and forget tips, and close the run if there is one. Refuses tips that are not stored."""
    if await tx.scalar(queries.LOCK_REPO, {"repo_id": push.repo_id}) is None:
        raise errors.NotFound("This repository was deleted during the push.")
    tips = {name: sha for name, sha in refs.items() if sha is not None}
    _check_names(refs)
    await _check_stored(tx, push.repo_id, tips)
    if tips:
        names = {"names": list(tips), "shas": [bytes.fromhex(sha) for sha in tips.values()]}
        await tx.execute(queries.SET_REFS, {"repo_id": push.repo_id, **names})
    if len(tips) < len(refs):
        gone = [name for name, sha in refs.items() if sha is None]
        await tx.execute(queries.FORGET_REFS, {"repo_id": push.repo_id, "names": gone})
    if push.run_id is not None:
        await tx.execute(queries.FINISH_RUN, {"repo_id": push.repo_id, "run_id": push.run_id})
    rows = await tx.execute(queries.REFS, {"repo_id": push.repo_id})
    return RefsResult({row.name: row.sha.hex() for row in rows})


def _check_names(refs: dict[str, str | None]) -> None:
    bad = [name for name in refs if "\x00" in name]
    if bad:
        raise errors.InvalidBody(errors=[FieldError("A ref name cannot contain U+0000", field="refs") for _ in bad])


async def _check_stored(tx: AsyncSession, repo_id: RepoId, tips: dict[str, str]) -> None:
    wanted = decode_shas(tips.values(), _bad_sha)
    if not wanted:
        return
    unknown = set(await _lacking(tx, repo_id, wanted))
    if unknown:
        raise errors.UnknownCommits(
            errors=[
                FieldError("This commit is not stored", sha=sha.lower(), field=name)
                for name, sha in tips.items()
                if sha.lower() in unknown
            ]
        )


def _bad_sha(index: int, sha: str) -> errors.ApiError:
    return errors.InvalidBody(errors=[FieldError("Expected 40 hexadecimal digits", index, sha)])


async def repo_status(connection: AsyncConnection, repo_id: RepoId, run_timeout: timedelta) -> RepoStatus:
    """The repository's row and its refs; no commit is counted."""
    row = (await connection.execute(queries.STATUS, {"repo_id": repo_id})).mappings().one_or_none()
    if row is None:
        raise errors.NotFound
    status, error_message = current_status(row, row["now"], run_timeout)
    sha = row["last_ingested_sha"]
    return RepoStatus(
        repo_id=row["id"],
        status=status,
        last_sync_at=row["last_success_at"],
        last_ingested_sha=sha.hex() if sha else None,
        total_commits=row["total_commits"],
        error_message=error_message,
        refs=row["refs"] or {},
        last_attempt_at=row["last_attempt_at"],
        last_success_at=row["last_success_at"],
        stale=is_stale(row, row["now"]),
        last_error_at=row["last_error_at"],
        last_error=row["last_error"],
        expected_cadence_seconds=seconds_of(row["expected_cadence"]),
        learned_cadence_seconds=seconds_of(row["learned_cadence"]),
    )


def current_status(row: RowMapping, now: datetime, run_timeout: timedelta) -> tuple[SyncStatus, str | None]:
    """A `syncing` that a crash left behind does not stay: without a batch for so long, the push was interrupted."""
    status = SyncStatus(row["sync_status"])
    if status is SyncStatus.SYNCING and now - row["last_attempt_at"] > run_timeout:
        return SyncStatus.ERROR, INTERRUPTED
    return status, row["error_message"]


def is_stale(row: RowMapping, now: datetime) -> bool:
    """Whether the repository missed the cadence that was set, or else the learned one; without one it never does."""
    cadence, seen = row["expected_cadence"] or row["learned_cadence"], row["last_success_at"]
    return cadence is not None and (seen is None or now - seen > cadence)


def seconds_of(duration: timedelta | None) -> int | None:
    """Whole seconds."""
    return None if duration is None else int(duration.total_seconds())
