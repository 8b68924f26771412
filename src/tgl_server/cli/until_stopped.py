"""Commands that work with the database until somebody stops them."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from tgl_server.db.engine import Database
from tgl_server.db.migrate import check_migrated
from tgl_server.db.pooler import check_pooler
from tgl_server.settings import Settings

Work = Callable[[Database, asyncio.Event], Awaitable[None]]


def run_until_stopped(settings: Settings, work: Work) -> None:
    """Work in an event loop until SIGTERM, SIGINT or a terminal that is closed; in this thread, the main one."""
    asyncio.run(_run(settings, work))


async def _run(settings: Settings, work: Work) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = Database(settings)
    try:
        await check_pooler(database)
        await check_migrated(database)
        await work(database, stop)
    finally:
        await database.close()
