"""Looking at the standby, once a second, while a server runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from tgl_server.background import run_until_cancelled
from tgl_server.db.engine import Database
from tgl_server.db.standby import LOOK_SECONDS, Standby


@asynccontextmanager
async def watching_standby(database: Database) -> AsyncIterator[None]:
    """Use the standby while it is right, as long as the block runs; nothing without one."""
    if database.standby is None:
        yield
        return
    async with run_until_cancelled(_watch(database, database.standby)):
        yield


async def _watch(database: Database, standby: Standby) -> None:
    while True:
        with suppress(SQLAlchemyError, OSError):  # the primary is away, which its own line says
            async with database.statements() as primary:
                await standby.look(primary)
        await asyncio.sleep(LOOK_SECONDS)
