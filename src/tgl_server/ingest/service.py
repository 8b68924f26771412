"""The rules of `refs` and of a repository's status. A function takes its transaction first and never commits."""

from datetime import datetime, timedelta

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.commits import RefsResult, RepoStatus, SyncStatus
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.ingest import queries
from tgl_server.ingest.known import missing_shas
from tgl_server.ingest.push import Push
from tgl_server.ingest.sweep import INTERRUPTED, is_abandoned
from tgl_server.projects.models import RepoId


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
    if not tips:
        return
    unknown = set(await missing_shas(tx, repo_id, tips.values()))
    if unknown:
        raise errors.UnknownCommits(
            errors=[
                FieldError("This commit is not stored", sha=sha.lower(), field=name)
                for name, sha in tips.items()
                if sha.lower() in unknown
            ]
        )


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
    if status is SyncStatus.SYNCING and is_abandoned(row["last_attempt_at"], now, run_timeout):
        return SyncStatus.ERROR, INTERRUPTED
    return status, row["error_message"]


def is_stale(row: RowMapping, now: datetime) -> bool:
    """Whether the repository missed the cadence that was set, or else the learned one; without one it never does."""
    cadence, seen = row["expected_cadence"] or row["learned_cadence"], row["last_success_at"]
    return cadence is not None and (seen is None or now - seen > cadence)


def seconds_of(duration: timedelta | None) -> int | None:
    """Whole seconds."""
    return None if duration is None else int(duration.total_seconds())
