"""Runs the migrations: in one transaction, one server at a time, and never waiting long for a lock."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

config = context.config

# Any number, the same in every release: servers that start at once wait here for each other.
LOCK_KEY = 7_461_726_001


def run(connection: Connection) -> None:
    """Lock first, then read the version: the second server finds the work done."""
    context.configure(
        connection=connection,
        target_metadata=config.attributes["target_metadata"],
        version_table=config.version_table_name,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '15min'"))
        context.run_migrations()


async def run_online() -> None:
    """With the engine of the command that called us."""
    async with config.engine.connect() as connection:
        await connection.run_sync(run)
    await config.engine.dispose()


asyncio.run(run_online())
