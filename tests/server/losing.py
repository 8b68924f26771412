"""Taking the database away while somebody uses it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.server.operations.waiting import scalar, until
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

Lose = Callable[[Database, int], Awaitable[object]]

#: Whose turn comes after our lock.
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = CAST('{}' AS regclass)"


async def end_backend(database: Database, pid: int) -> None:
    assert await scalar(database, f"SELECT pg_terminate_backend({pid})")


@contextmanager
def lost_while_reading(url: str, table: str, lose: Lose, mode: str = "ACCESS EXCLUSIVE") -> Iterator[None]:
    """Whoever reads the table inside waits for a lock of ours, until `lose` is told the process that serves them.

    With mode EXCLUSIVE only those wait who read rows to change them.
    """
    locked = threading.Event()

    async def watch() -> None:
        database = Database(Settings(database_url=url))
        with suppress(DBAPIError):  # the end of ours, where all are ended
            async with database.transaction() as holding:
                await holding.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))
                locked.set()
                await until(lambda: scalar(database, WAITING.format(table)))
                await lose(database, await scalar(database, WAITING.format(table)))
        await database.close()

    watching = threading.Thread(target=lambda: asyncio.run(watch()))
    watching.start()
    assert locked.wait(30)
    yield
    watching.join()
