"""What is looked at every second instead of being counted: the pool and the queues. Requests pay nothing for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from tgl_server.db.engine import Database
from tgl_server.metrics.definitions import ARGON2_WAITING, POOL_CONNECTIONS

_SECONDS = 1.0


class Queues(Protocol):
    """Who has something waiting."""

    def waiting(self) -> Mapping[str, int]: ...


@asynccontextmanager
async def sampled(database: Database, argon2: Queues) -> AsyncIterator[None]:
    """Look at them as long as the block lasts."""

    async def look() -> None:
        while True:
            _sample(database, argon2)
            await asyncio.sleep(_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _sample(database: Database, argon2: Queues) -> None:
    for state, connections in database.connections().items():
        POOL_CONNECTIONS.labels(state).set(connections)
    for queue, length in argon2.waiting().items():
        ARGON2_WAITING.labels(queue).set(length)
