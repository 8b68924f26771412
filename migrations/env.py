"""Runs the migrations: in one transaction, one server at a time, and never waiting long for a lock.

`tgl-server migrate` brings an engine along; `alembic` in a checkout works on the database of the server's settings.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine

config = context.config

# Any number, the same in every release: servers that start at once wait here for each other.
LOCK_KEY = 7_461_726_001


def run(connection: Connection) -> None:
    """Lock first, then read the version: the second server finds the work done."""
    context.configure(
        connection=connection,
        target_metadata=_tables(),
        version_table=getattr(config, "version_table_name", "alembic_version"),
        compare_type=True,
        transaction_per_migration=False,
        process_revision_directives=_number,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '15min'"))
        context.run_migrations()


async def run_online(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def _tables() -> Any:
    """The tables to compare with; those of the command that called us, if it names some."""
    if "target_metadata" in config.attributes:
        return config.attributes["target_metadata"]
    from tgl_server.features import METADATA  # noqa: PLC0415 -- whoever only migrates need not load every feature

    return METADATA


@contextmanager
def _engine() -> Iterator[AsyncEngine]:
    """The engine of the command that called us, or one for the database of the settings."""
    given = getattr(config, "engine", None)
    if given is not None:
        yield given
        return
    # The command line imports this folder's callers.
    from tgl_server.cli.context import process_settings, with_database  # noqa: PLC0415
    from tgl_server.db.engine import open_engine  # noqa: PLC0415
    from tgl_server.errors import ServerError  # noqa: PLC0415

    try:
        with with_database(process_settings()) as settings:
            yield open_engine(settings.database_url, poolclass=NullPool)
    except ServerError as error:
        raise CommandError(str(error)) from error


def _number(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Number a new migration after the newest one; none is written where models and migrations agree."""
    made = directives[0]
    if getattr(config.cmd_opts, "autogenerate", False) and made.upgrade_ops.is_empty():
        directives.clear()
        return
    newest = ScriptDirectory.from_config(config).get_current_head() or "0"
    made.rev_id = f"{int(newest) + 1:04}"


if context.is_offline_mode():
    raise CommandError("Migrations look at what is stored, so they cannot be printed as SQL.")
with _engine() as opened:
    asyncio.run(run_online(opened))
