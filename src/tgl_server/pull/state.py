"""Where a repository stands in the queue of all pulls, and whether a worker empties it."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import RowMapping


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


def queue_state(row: RowMapping) -> QueueState:
    """The queue, from a row that has the columns of `queries.QUEUE_STATE`."""
    return QueueState(**{name: row[name] for name in QueueState.__struct_fields__})
