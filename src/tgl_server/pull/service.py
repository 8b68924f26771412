"""What people do about pulls: ask for one, cancel it, set a schedule, see where it stands."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.projects import SyncMethod
from tgl_protocol.pulls import PullInfo, PullSchedule
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.broker.sending import WakeUp
from tgl_server.credentials.errors import NoRemote
from tgl_server.db.clock import database_now
from tgl_server.ingest import pulled
from tgl_server.projects.names import refuse_faults
from tgl_server.pull import queries
from tgl_server.pull.actions import PullAction
from tgl_server.pull.errors import WrongSyncMethod
from tgl_server.pull.models import Cause
from tgl_server.pull.queue import CANCELLED, HOSTS, PUSHED_NOW
from tgl_server.pull.schedule import cron_fault, next_moment, timezone_fault

#: The least time between the beginnings of two pulls that webhooks ask for: forges tell of each push.
WEBHOOK_SPACING: Final = timedelta(seconds=30)


async def request_pull(tx: AsyncSession, repo_id: RepoId, by: Actor) -> UUID:
    """Ask for a pull; its run, which is one that waits already if there is one. Ends a pause."""
    await _pullable(tx, repo_id)
    return await _request(tx, repo_id, by, Cause.REQUEST, timedelta())


async def request_after_push(tx: AsyncSession, repo_id: RepoId, by: Actor) -> UUID | None:
    """Ask for a pull as the remote has told of a push; None while pulling is paused, which only people end.

    It begins at least `WEBHOOK_SPACING` after the last pull began.
    """
    row = await _pullable(tx, repo_id)
    if _paused_at(row) is not None:
        return None
    return await _request(tx, repo_id, by, Cause.WEBHOOK, WEBHOOK_SPACING)


async def wake_up_for(tx: AsyncSession, repo_id: RepoId) -> WakeUp:
    """The message to send, once the transaction is committed, for a pull that was asked for."""
    return WakeUp(repo_id, await tx.scalar(queries.HOST_FIRST, {"repo_id": repo_id, **HOSTS}))


async def _request(tx: AsyncSession, repo_id: RepoId, by: Actor, cause: Cause, spacing: timedelta) -> UUID:
    wanted = {"repo_id": repo_id, "user_id": by.user_id, "run_id": uuid7(), "cause": cause, "spacing": spacing}
    run_id: UUID = await tx.scalar(queries.REQUEST, wanted)
    if run_id == wanted["run_id"]:
        await pulled.queue_run(tx, repo_id, run_id, by.user_id)
        details = {"run_id": str(run_id)} | ({} if cause is Cause.REQUEST else {"by": cause})
        await record(tx, by.did(PullAction.PULL_REQUESTED, "repo", repo_id, **details))
    return run_id


async def cancel_pull(tx: AsyncSession, repo_id: RepoId, by: Actor) -> None:
    """Cancel the pull that runs, within 15 seconds, and what waits, at once; nothing to cancel is no error."""
    await _pulled(tx, repo_id)
    cron, timezone = await _schedule(tx, repo_id)
    moment = next_moment(cron, timezone, await database_now(tx))
    found = (await tx.execute(queries.CANCEL, {"repo_id": repo_id, "next_due_at": moment})).one_or_none()
    if found is None or not (found.is_running or found.dropped):
        return
    if found.dropped:
        await pulled.cancel_runs(tx, repo_id, found.dropped, CANCELLED)
    await record(tx, by.did(PullAction.PULL_CANCELLED, "repo", repo_id, was_running=found.is_running))


async def end_pulls(tx: AsyncSession, repo_id: RepoId) -> list[UUID]:
    """End what runs and what waits, as clients push from now on; the runs. Schedule and mirror stay, a pause does not.

    A worker that pulls it has lost its lease: it stores nothing more, and tells nothing.
    """
    ended: list[UUID] = await tx.scalar(queries.END_PULLS, {"repo_id": repo_id}) or []
    if ended:
        await pulled.cancel_runs(tx, repo_id, ended, PUSHED_NOW)
    return ended


async def set_schedule(tx: AsyncSession, repo_id: RepoId, wanted: PullSchedule, by: Actor) -> None:
    """Pull a repository by a schedule from now on, or only when asked; ends a pause."""
    faults = {"cron": None if wanted.cron is None else cron_fault(wanted.cron)}
    refuse_faults({**faults, "timezone": timezone_fault(wanted.timezone)})
    await _pulled(tx, repo_id)
    before = dict(zip(("cron", "timezone"), await _schedule(tx, repo_id), strict=True))
    after: dict[str, Any] = {"cron": wanted.cron, "timezone": wanted.timezone}
    moment = next_moment(wanted.cron, wanted.timezone, await database_now(tx))
    await tx.execute(queries.SCHEDULE, {"repo_id": repo_id, **after, "next_due_at": moment})
    changed = {name: {"from": before[name], "to": value} for name, value in after.items() if before[name] != value}
    if changed:
        await record(tx, by.did(PullAction.PULL_SCHEDULED, "repo", repo_id, changed=changed))


async def pause_pulls(tx: AsyncSession, repo_id: RepoId, by: Actor) -> None:
    """Begin no pull until somebody asks for one or resumes; what waits is cancelled, what runs goes on to its end."""
    await _pulled(tx, repo_id)
    await tx.execute(queries.ADD_ROW, {"repo_id": repo_id})
    found = (await tx.execute(queries.PAUSE, {"repo_id": repo_id, "user_id": by.user_id})).one()
    if found.dropped:
        await pulled.cancel_runs(tx, repo_id, found.dropped, CANCELLED)
    await record(tx, by.did(PullAction.PULL_PAUSED, "repo", repo_id))


async def resume_pulls(tx: AsyncSession, repo_id: RepoId, by: Actor) -> None:
    """End a pause: the schedule goes on with its next moment. Not to be paused is no error."""
    is_paused = _paused_at(await _pulled(tx, repo_id)) is not None
    cron, timezone = await _schedule(tx, repo_id)
    if is_paused:
        moment = next_moment(cron, timezone, await database_now(tx))
        schedule = {"cron": cron, "timezone": timezone, "next_due_at": moment}
        await tx.execute(queries.SCHEDULE, {"repo_id": repo_id, **schedule})
        await record(tx, by.did(PullAction.PULL_RESUMED, "repo", repo_id))


async def pull_info(reader: AsyncConnection | AsyncSession, repo_id: RepoId) -> PullInfo:
    """A repository's schedule, and where its pulls stand; also of one that is not pulled."""
    row = await _row(reader, repo_id)
    paused_at = _paused_at(row)
    return PullInfo(
        cron=row["cron"],
        timezone=row["timezone"] or "UTC",
        next_due_at=row["next_due_at"],
        is_running=row["is_running"],
        running_run_id=row["run_id"],
        queued_run_id=row["requested_run_id"],
        cancel_requested_at=row["cancel_requested_at"],
        failures=row["failures"] or 0,
        paused_at=paused_at,
        paused_reason=row["paused_reason"] if paused_at else None,
        paused_by=row["paused_by"] if paused_at else None,
        mirrored_at=row["mirrored_at"],
        mirror_bytes=row["mirror_bytes"],
    )


async def _schedule(tx: AsyncSession, repo_id: RepoId) -> tuple[str | None, str]:
    row = (await tx.execute(queries.LOCK_SCHEDULE, {"repo_id": repo_id})).one_or_none()
    return (None, "UTC") if row is None else (row.cron, row.timezone)


def _paused_at(row: RowMapping) -> datetime | None:
    """When pulling was paused; None while it is not, or was for another address or other credentials."""
    return row["paused_at"] if row["is_paused"] else None


async def _pullable(tx: AsyncSession, repo_id: RepoId) -> RowMapping:
    row = await _pulled(tx, repo_id)
    if row["git_url"] is None:
        raise NoRemote
    return row


async def _pulled(tx: AsyncSession, repo_id: RepoId) -> RowMapping:
    row = await _row(tx, repo_id)
    if row["sync_method"] != SyncMethod.PULL_CELERY:
        raise WrongSyncMethod
    return row


async def _row(reader: AsyncConnection | AsyncSession, repo_id: RepoId) -> RowMapping:
    row = (await reader.execute(queries.PULL, {"repo_id": repo_id})).mappings().one_or_none()
    if row is None:
        raise errors.NotFound("The repository was deleted meanwhile.")
    return row
