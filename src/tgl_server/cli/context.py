"""The context of every command: the settings of this process, and a database, embedded if none is set."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.secret_key import kept_secret
from tgl_server.db.away import is_database_away
from tgl_server.db.embedded import default_data_dir, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.db.migrate import check_migrated
from tgl_server.db.reachable import DatabaseLost, check_reachable
from tgl_server.errors import ServerError
from tgl_server.settings import ENV_FILE, BadSetting, Settings, load_settings

Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")]

_T = TypeVar("_T")
_S = TypeVar("_S", bound=msgspec.Struct)


def process_settings(**overrides: Any) -> Settings:
    """Settings from the environment and from `.env` in the current folder; raises `BadSetting`."""
    try:
        return load_settings(os.environ, ENV_FILE, **overrides)
    except UnicodeDecodeError:
        raise BadSetting(f"{ENV_FILE.absolute()} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise BadSetting(
            f"{ENV_FILE.absolute()} cannot be read: {error.strerror}; change its permissions, or move it away"
        ) from None


def data_dir(settings: Settings) -> Path:
    """The folder in which the embedded PostgreSQL keeps its data."""
    return Path(settings.data_dir).expanduser() if settings.data_dir else default_data_dir()


def with_secret_key(settings: Settings) -> Settings:
    """Settings with a secret key: in development one is made and kept, so that workers and restarts agree on it."""
    if settings.secret_key:
        return settings
    return msgspec.structs.replace(settings, secret_key=kept_secret(data_dir(settings)))


@contextmanager
def with_database(settings: Settings, *, keep_running: bool = False) -> Iterator[Settings]:
    """Settings whose `database_url` can be used; starts the embedded PostgreSQL where none is named.

    With `keep_running` that one is started again when it dies.

    Raises `DatabaseUnreachable`.
    """
    if settings.database_url:
        asyncio.run(check_reachable(settings.database_url))
        yield settings
        return
    with embedded_postgres(data_dir(settings), keep_running=keep_running) as postgres:
        yield msgspec.structs.replace(settings, database_url=postgres.dsn)


@contextmanager
def database_needed(settings: Settings) -> Iterator[None]:
    """Wraps work that needs the database: raises `DatabaseLost` if the database goes away during it."""
    try:
        yield
    except BrokenPipeError:  # the reader of our output has closed it
        raise
    except Exception as error:
        if is_database_away(error):
            raise DatabaseLost(settings.database_url, error) from None
        raise


def run_with_database(act: Callable[[Database, Argon2], Awaitable[_T]], settings: Settings | None = None) -> _T:
    """Run one administrative act against the migrated database of `settings`, by default of the process's settings."""
    if settings is not None:
        with database_needed(settings):
            return asyncio.run(_run(settings, act))
    with with_database(process_settings()) as found, database_needed(found):
        return asyncio.run(_run(found, act))


async def _run(settings: Settings, act: Callable[[Database, Argon2], Awaitable[_T]]) -> _T:
    database, argon2 = Database(settings), Argon2(settings)
    try:
        await check_migrated(database)
        return await act(database, argon2)
    finally:
        argon2.close()
        await database.close()


def checked(kind: type[_S], **fields: str) -> _S:
    """A request of the API made from a command's arguments; raises `ServerError` for an invalid one."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise ServerError(f"invalid argument: {error}") from None
