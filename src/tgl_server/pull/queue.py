"""The queue of pulls: whoever claims a repository has its lease until it is done, gives it back, or is lost.

The row is the queue; a message only wakes a worker up. A function takes its transaction first and never commits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol import __version__
from tgl_protocol.commits import RunPhase
from tgl_protocol.projects import SyncMethod
from tgl_server.access.ids import RepoId
from tgl_server.broker.sending import WakeUp
from tgl_server.ingest import pulled
from tgl_server.ingest.context import Push, Pusher
from tgl_server.pull import queries
from tgl_server.pull.models import Cause

#: How long a worker that gives no sign of life keeps its repository; it gives four of them in this time.
LEASE: Final = timedelta(seconds=60)
RENEW_SECONDS: Final = 15.0
#: How long what was handed out, and was not claimed, is handed out to nobody else.
REQUEUE: Final = timedelta(seconds=30)

#: How long the host that has the mirror is asked alone, and how old its workers' last sign of life may be.
PREFERRED: Final = timedelta(seconds=60)
ALIVE: Final = timedelta(seconds=45)

CLIENT_VERSION: Final = f"tgl-server {__version__}"
HOSTS: Final = {"preferred": PREFERRED, "alive": ALIVE}

CANCELLED: Final = "The pull was cancelled; what it had stored stays."
PUSHED_NOW: Final = "The pull was cancelled, as clients push to this repository from now on; what it had stored stays."


class Sign(StrEnum):
    """What a worker hears when it renews its lease."""

    GO_ON = "go on"
    CANCELLED = "cancelled"
    PUSHED_NOW = "pushed now"
    LOST = "lost"


class Lease(Struct, frozen=True, kw_only=True):
    """A repository that a worker may pull; `attempts` counts this claim, `failures` the failed pulls before it."""

    repo_id: RepoId
    token: UUID
    run_id: UUID
    user_id: UUID | None
    cause: Cause
    attempts: int
    cron: str | None
    timezone: str
    failures: int
    refusals: int
    git_url: str | None

    @property
    def push(self) -> Push:
        """What ingestion is told of whose commits these are."""
        return Push(self.repo_id, self.run_id, Pusher(self.user_id, by=self.cause), lease=self.token)

    @property
    def key(self) -> dict[str, Any]:
        """The parameters of statements that hold only while the lease does."""
        return {"repo_id": self.repo_id, "token": self.token}


class Ending(Struct, frozen=True, kw_only=True):
    """What the queue remembers of a pull that has ended; a mirror is named where it was fetched."""

    next_due_at: datetime | None = None
    failures: int = 0
    refusals: int = 0
    failure_code: str | None = None
    paused_reason: str | None = None
    mirror_host: str | None = None
    mirror_bytes: int | None = None


async def tick(tx: AsyncSession, limit: int) -> list[RepoId]:
    """Hand out repositories that may be claimed, the one that waits longest first."""
    return [RepoId(wake_up.repo_id) for wake_up in await hand_out(tx, limit)]


async def hand_out(tx: AsyncSession, limit: int) -> list[WakeUp]:
    """Hand out repositories that may be claimed, each with the host that should look first, as it has the mirror."""
    found = await tx.execute(queries.TICK, {"limit": limit, "requeue": REQUEUE, **HOSTS})
    return [WakeUp(row.repo_id, row.host) for row in found]


async def take_back(tx: AsyncSession, unsent: Sequence[WakeUp]) -> None:
    """Let the next tick hand out again what nobody was told of."""
    await tx.execute(queries.TAKE_BACK, {"ids": [wake_up.repo_id for wake_up in unsent]})


async def claim(tx: AsyncSession, repo_id: RepoId, owner: str) -> Lease | None:
    """Take a repository and begin its run; None if there is nothing to do, or somebody else has it."""
    token = uuid4()
    wanted = {"repo_id": repo_id, "token": token, "owner": owner, "lease": LEASE, "run_id": uuid7()}
    row = (await tx.execute(queries.CLAIM, wanted)).mappings().one_or_none()
    if row is None:
        return None
    user_id = await pulled.begin_run(tx, repo_id, row["run_id"], CLIENT_VERSION)
    plain = {name: row[name] for name in ("run_id", "attempts", "cron", "timezone", "failures", "refusals", "git_url")}
    return Lease(repo_id=repo_id, token=token, user_id=user_id, cause=Cause(row["cause"]), **plain)


async def renew(tx: AsyncSession, lease: Lease, phase: RunPhase) -> Sign:
    """Keep the repository for another while, and its run alive."""
    row = (await tx.execute(queries.RENEW, {**lease.key, "lease": LEASE})).one_or_none()
    if row is None:
        return Sign.LOST
    await pulled.keep_run(tx, lease.repo_id, lease.run_id, phase)
    if row.is_cancelled:
        return Sign.CANCELLED
    return Sign.GO_ON if row.sync_method == SyncMethod.PULL_CELERY else Sign.PUSHED_NOW


async def done(tx: AsyncSession, lease: Lease, ending: Ending) -> bool:
    """Give up the lease at the end of a pull; False if it was lost. Its run is ended in the same transaction."""
    schedule = {"cron": lease.cron, "timezone": lease.timezone}
    remembered = {name: getattr(ending, name) for name in Ending.__struct_fields__}
    paused_url = lease.git_url if ending.paused_reason is not None else None
    parameters = {**lease.key, **schedule, **remembered, "paused_url": paused_url}
    return await tx.scalar(queries.DONE, parameters) is not None


async def give_back(tx: AsyncSession, lease: Lease) -> None:
    """Let another worker go on with the pull, at once."""
    if await tx.scalar(queries.GIVE_BACK, lease.key) is not None:
        await pulled.requeue_run(tx, lease.repo_id, lease.run_id)


async def drop_unpulled(tx: AsyncSession) -> int:
    """Cancel what waits for repositories that clients push to by now; their number."""
    found = (await tx.execute(queries.DROP_UNPULLED)).all()
    for row in sorted(found, key=lambda row: str(row.repo_id)):
        await pulled.cancel_runs(tx, row.repo_id, row.dropped, PUSHED_NOW)
    return len(found)
