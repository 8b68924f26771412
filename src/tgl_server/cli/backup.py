"""`tgl-server backup` and `restore`: the embedded database in one file, and back."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from tgl_server.backup.archive import Manifest, read_manifest
from tgl_server.backup.restoring import restore_backup
from tgl_server.backup.taking import take_backup
from tgl_server.cli.context import data_dir, process_settings
from tgl_server.cli.output import say
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.db.migrate import check_migrated, newest_version
from tgl_server.errors import ServerError
from tgl_server.features import FOLLOWERS
from tgl_server.settings import Settings

_MB = 1024 * 1024

File = Annotated[Path, typer.Argument(help="The file of the backup.", dir_okay=False)]


def backup(
    file: File, overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of this name.")] = False
) -> None:
    """Write the embedded database into one file, while the server runs, and read it again to check it.

    It has no SECRET_KEY, no SECRETS_KEYS and no mirrors: keep the first two elsewhere, with the settings.
    """
    with _embedded() as (postgres, settings):
        made = _until_stopped(_take(postgres, settings, file, overwrite=overwrite))
    rows = sum(made.tables.values())
    say(f"Backed up {rows:,} rows of {len(made.tables)} tables at version {made.migration}, read again and counted")
    say(f"{file}: {file.stat().st_size / _MB:,.1f} MB, of {made.made_at:%Y-%m-%d %H:%M:%S} UTC")
    say("SECRET_KEY and SECRETS_KEYS are not in it; what these keys seal is useless without them.", err=True)


async def _take(postgres: EmbeddedPostgres, settings: Settings, file: Path, *, overwrite: bool) -> Manifest:
    database = Database(settings)
    try:
        await check_migrated(database)
        return await take_backup(database, postgres, file, overwrite=overwrite)
    finally:
        await database.close()


def restore(
    file: File,
    replaces: Annotated[bool, typer.Option("--replace", help="Replace the database that is there.")] = False,
    fixes: Annotated[
        bool, typer.Option("--fix", help="Repair what is wrong in the backup, as `verify --fix`.")
    ] = False,
) -> None:
    """Put the embedded database of a backup into the place of the present one, when it is whole and verified.

    A server that runs goes on with what was restored. Sessions, keys and accounts that ended since the backup live
    again: look them through.
    """
    read_manifest(file)  # before a database is made for something that is no backup
    with _embedded() as (postgres, settings):
        made = _until_stopped(restore_backup(postgres, settings, file, FOLLOWERS, replaces=replaces, fixes=fixes))
    rows, now_at = sum(made.tables.values()), newest_version()
    say(f"Restored {rows:,} rows of {made.made_at:%Y-%m-%d %H:%M:%S} UTC, counted and verified")
    if made.migration != now_at:
        say(f"Brought from version {made.migration} to {now_at}")
    say("Sessions, API keys and accounts that ended since then live again; end them anew.", err=True)


@contextmanager
def _embedded() -> Iterator[tuple[EmbeddedPostgres, Settings]]:
    """The embedded database; raises `ServerError` where another one is used."""
    settings = process_settings()
    if settings.database_url:
        raise ServerError(
            "DATABASE_URL is set, and this command is for the embedded database; "
            "docs/howto/backup.md says how to back up a PostgreSQL of your own"
        )
    with embedded_postgres(data_dir(settings)) as postgres:
        yield postgres, msgspec.structs.replace(settings, database_url=postgres.dsn)


def _until_stopped(work: Coroutine[Any, Any, Manifest]) -> Manifest:
    """Do the work; SIGTERM and a closed terminal end it as Ctrl-C does, and nothing half is left."""

    async def run() -> Manifest:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise ServerError("stopped before the end; nothing was changed, run it again") from None
