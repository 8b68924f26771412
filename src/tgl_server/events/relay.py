"""The relay: it numbers events that are committed, every second, and forgets those that are too old.

An id made before the COMMIT does not follow the order of COMMITs: a reader that resumes after the highest id it has
seen would lose an event of a longer transaction. Numbers are given afterwards, under a lock, so that none with a lower
number appears later. Any number of processes may relay, one at a time does.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import Heartbeat, Stop, run_until_stopped
from tgl_server.db.engine import Database
from tgl_server.db.rows import changed_rows
from tgl_server.events import queries
from tgl_server.events.service import take_mark

log = structlog.get_logger()

#: How often events are numbered, and their readers look for more; in seconds.
POLL_SECONDS: Final = 1.0

#: The reader whose mark is the last number that was given.
RELAY: Final = "relay"
#: Rows of one transaction, so that none is long.
BATCH_ROWS: Final = 1000
_FORGET_SECONDS: Final = 3600.0


async def relay(database: Database) -> int:
    """Number a batch of events; how many, 0 also while another process does."""
    async with database.statements() as connection:
        if not await connection.scalar(queries.HAS_UNNUMBERED):
            return 0
    async with database.transaction() as tx:
        last = await take_mark(tx, RELAY)
        if last is None:
            return 0
        return await tx.scalar(queries.NUMBER, {"last": last, "limit": BATCH_ROWS}) or 0


async def forget_events(database: Database, kept: timedelta) -> int:
    """Delete a batch of events that are too old; how many."""
    async with database.transaction() as tx:
        return await changed_rows(tx, queries.FORGET, kept=kept, limit=BATCH_ROWS)


@asynccontextmanager
async def relaying(database: Database, kept: timedelta) -> AsyncIterator[None]:
    """Number events while the block runs, and forget those older than `kept`; a batch that has begun is finished."""
    forgot = Heartbeat()

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            try:
                while await relay(database) == BATCH_ROWS:
                    await stop.pause(0)
                if forgot.age is None or forgot.age > _FORGET_SECONDS:
                    while await forget_events(database, kept) == BATCH_ROWS:
                        await stop.pause(0)
                    forgot.beat()
            except (SQLAlchemyError, OSError) as error:
                log.warning("events_not_relayed", reason=type(error).__name__)
            await stop.pause(POLL_SECONDS)

    async with run_until_stopped(work):
        yield
