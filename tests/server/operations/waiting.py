"""Waiting for what another process does, and asking the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import text

from tgl_server.db.engine import Database


async def until(is_so: Callable[[], Awaitable[object]]) -> None:
    """Ask until it is; fails after half a minute."""
    async with asyncio.timeout(30):
        while not await is_so():  # noqa: ASYNC110 -- another process sets no event here
            await asyncio.sleep(0.01)


async def until_query(database: Database, query: str) -> None:
    """Until the query's one value is true."""
    await until(lambda: scalar(database, query))


async def scalar(database: Database, query: str) -> Any:
    """The query's one value."""
    async with database.statements() as connection:
        return await connection.scalar(text(query))


async def execute(database: Database, statement: str) -> None:
    """In a transaction of its own."""
    async with database.transaction() as tx:
        await tx.execute(text(statement))
