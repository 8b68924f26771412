"""Metrics that are sampled every second, at no cost to requests: the connection pool, the standby and the
queues."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from tgl_server.background import run_until_cancelled
from tgl_server.db.engine import Database
from tgl_server.metrics.definitions import ARGON2_WAITING, POOL_CONNECTIONS, STANDBY_WORKERS

_SECONDS = 1.0


class Queues(Protocol):
    """An object with queues, by name."""

    def waiting(self) -> Mapping[str, int]: ...


@asynccontextmanager
async def sampled(database: Database, argon2: Queues) -> AsyncIterator[None]:
    """Sample pool and queues while the block runs."""

    async def look() -> None:
        while True:
            _sample(database, argon2)
            await asyncio.sleep(_SECONDS)

    async with run_until_cancelled(look()):
        yield


def _sample(database: Database, argon2: Queues) -> None:
    for state, connections in database.connections().items():
        POOL_CONNECTIONS.labels(state).set(connections)
    if database.standby is not None:
        STANDBY_WORKERS.labels("used").set(database.standby.is_used)
        STANDBY_WORKERS.labels("not_used").set(not database.standby.is_used)
    for queue, length in argon2.waiting().items():
        ARGON2_WAITING.labels(queue).set(length)
