"""What every command needs: the settings of this process, and a database, embedded where none is named."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.secret import kept_secret
from tgl_server.db.embedded import default_data_dir, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.db.migrate import check_migrated
from tgl_server.settings import Settings, load_settings

_T = TypeVar("_T")


def process_settings(**overrides: Any) -> Settings:
    """From the environment and `.env` in the current folder."""
    return load_settings(os.environ, Path(".env"), **overrides)


def data_dir(settings: Settings) -> Path:
    """Where the embedded PostgreSQL keeps its data."""
    return Path(settings.data_dir).expanduser() if settings.data_dir else default_data_dir()


def with_secret_key(settings: Settings) -> Settings:
    """Settings with a secret: in development one is made and kept, so that workers and restarts agree on it."""
    if settings.secret_key:
        return settings
    return msgspec.structs.replace(settings, secret_key=kept_secret(data_dir(settings)))


@contextmanager
def with_database(settings: Settings) -> Iterator[Settings]:
    """Settings whose `database_url` can be used; starts the embedded PostgreSQL where none is named."""
    if settings.database_url:
        yield settings
        return
    with embedded_postgres(data_dir(settings)) as postgres:
        yield msgspec.structs.replace(settings, database_url=postgres.dsn)


def run_with_database(act: Callable[[Database, Argon2], Awaitable[_T]], settings: Settings | None = None) -> _T:
    """Run one act of an administrator's against the migrated database: the one of `settings`, or the process's."""
    if settings is not None:
        return asyncio.run(_run(settings, act))
    with with_database(process_settings()) as found:
        return asyncio.run(_run(found, act))


async def _run(settings: Settings, act: Callable[[Database, Argon2], Awaitable[_T]]) -> _T:
    database, argon2 = Database(settings), Argon2(settings)
    try:
        await check_migrated(database)
        return await act(database, argon2)
    finally:
        argon2.close()
        await database.close()
