"""What operators see of the pulls of all repositories, and do to all of them at once."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_server.audit.service import Actor, record
from tgl_server.pull import operating_queries as queries
from tgl_server.pull.actions import PullAction
from tgl_server.pull.queue import ALIVE, REQUEUE


class PullFigures(Struct, frozen=True, kw_only=True):
    """All pulls in numbers. `due` waits to be handed out, `queued` was handed out in the last half minute; `oldest` is
    the longest that one of both waits, in seconds; `failures` are repositories by the code of their last failure."""

    repos: int = 0
    running: int = 0
    due: int = 0
    queued: int = 0
    paused: int = 0
    oldest: float = 0.0
    mirror_bytes: int = 0
    failures: Mapping[str, int] = {}
    broker_workers: int = 0
    own_workers: int = 0
    paused_at: datetime | None = None
    paused_reason: str | None = None

    @property
    def workers(self) -> int:
        """The workers that gave a sign of life in the last 45 seconds."""
        return self.broker_workers + self.own_workers


class QueuedRepo(Struct, frozen=True, kw_only=True):
    """A repository that is pulled, and where it stands in the queue."""

    project: str
    repo: str
    state: str
    since: datetime | None
    worker: str | None
    failures: int
    failure_code: str | None
    paused_reason: str | None


class SeenWorker(Struct, frozen=True, kw_only=True):
    """A worker that lives, or lived until it was last seen; `disk_free` in bytes."""

    host: str
    pid: int
    version: str
    children: int
    disk_free: int | None
    uses_broker: bool
    started_at: datetime
    seen_at: datetime
    is_alive: bool


async def pull_figures(reader: AsyncConnection | AsyncSession) -> PullFigures:
    """All pulls in numbers, at this moment."""
    row = (await reader.execute(queries.FIGURES, {"requeue": REQUEUE, "alive": ALIVE})).mappings().one()
    return PullFigures(**row)


async def list_queue(reader: AsyncConnection | AsyncSession, limit: int) -> list[QueuedRepo]:
    """The repositories that are pulled: those that run first, then those that are due, then by their next moment."""
    rows = (await reader.execute(queries.QUEUE, {"limit": limit})).mappings().all()
    return [
        QueuedRepo(
            project=row["project"],
            repo=row["repo"],
            state=_state(row),
            since=row["claimed_at"] if row["is_running"] else row["requested_at"] or row["next_due_at"],
            worker=row["lease_owner"] if row["is_running"] else None,
            failures=row["failures"] or 0,
            failure_code=row["failure_code"],
            paused_reason=row["paused_reason"] if row["is_paused"] else None,
        )
        for row in rows
    ]


async def list_workers(reader: AsyncConnection | AsyncSession) -> list[SeenWorker]:
    """The workers of the last day that did not say goodbye."""
    rows = (await reader.execute(text(queries.WORKERS), {"alive": ALIVE})).mappings().all()
    return [SeenWorker(**row) for row in rows]


async def pause_all(tx: AsyncSession, reason: str, by: Actor) -> None:
    """Begin no pull anywhere until `resume_all`; those that run go on to their end, and requests wait."""
    await tx.execute(queries.PAUSE_ALL, {"reason": reason})
    await record(tx, by.did(PullAction.ALL_PULLS_PAUSED, "pulls", None, reason=reason))


async def resume_all(tx: AsyncSession, by: Actor) -> bool:
    """Let pulls begin again: what came due meanwhile is due now. False if they were not paused."""
    was_paused = await tx.scalar(queries.RESUME_ALL) is not None
    if was_paused:
        await record(tx, by.did(PullAction.ALL_PULLS_RESUMED, "pulls", None))
    return was_paused


def _state(row: RowMapping) -> str:
    for name in ("running", "paused", "due"):
        if row[f"is_{name}"]:
            return name
    return "waiting" if row["next_due_at"] or row["requested_at"] else "unscheduled"
