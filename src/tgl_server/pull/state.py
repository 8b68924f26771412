"""Where pulling stands on the whole: the queue, and the workers that empty it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.pull import queries

#: A worker that gave no sign of life for longer is taken for dead; it gives one every 15 seconds.
SILENCE: Final = timedelta(seconds=60)


class QueueState(Struct, frozen=True, kw_only=True):
    """The queue at one moment; `places` are the pulls that the live workers run at a time.

    `waiting_since` is when the one that waits longest began to wait, `ahead` how many stand before one.
    """

    repositories: int
    running: int
    paused: int
    waiting: int
    waiting_since: datetime | None
    ahead: int
    workers: int
    places: int


class WorkerState(Struct, frozen=True, kw_only=True):
    """A worker process; `disk_free` is in bytes."""

    host: str
    pid: int
    version: str
    children: int
    disk_free: int | None
    started_at: datetime
    seen_at: datetime
    is_live: bool


class PullState(Struct, frozen=True):
    """The queue with its workers, those that live first."""

    queue: QueueState
    workers: Sequence[WorkerState]


async def read_state(connection: AsyncConnection) -> PullState:
    """The queue and the workers; one statement."""
    rows = (await connection.execute(queries.STATE, {"repo_id": None, "silence": SILENCE})).mappings().all()
    fields = WorkerState.__struct_fields__
    workers = [WorkerState(**{name: row[name] for name in fields}) for row in rows if row["host"] is not None]
    return PullState(queue_state(rows[0]), workers)


def queue_state(row: RowMapping) -> QueueState:
    """The queue, from a row that has the columns of `queries.QUEUE_STATE`."""
    return QueueState(**{name: row[name] for name in QueueState.__struct_fields__})
