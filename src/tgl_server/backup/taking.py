"""Taking a backup: a dump and the counts of one moment, written aside, read again, and then given its name."""

import asyncio
import fcntl
import os
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol import __version__
from tgl_server.backup.archive import CHUNK, FORMAT, DumpWriter, Manifest, read_dump, read_manifest
from tgl_server.backup.errors import BackupFailed, BadBackup
from tgl_server.backup.programs import Failed, dump_command, feed, running, sql_command
from tgl_server.backup.rows import RowCounter, counted, difference
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.db.migrate import VERSION_TABLE

_ABOUT = text(f"""
    SELECT (SELECT version_num FROM {VERSION_TABLE}) AS migration, current_setting('server_version') AS postgresql,
           pg_database_size(current_database()) AS bytes, clock_timestamp() AS now, pg_export_snapshot() AS snapshot
""")  # noqa: S608 -- a constant


class Moment(Struct, frozen=True):
    """The database at the moment of the backup."""

    migration: str
    postgresql: str
    bytes: int
    now: datetime
    snapshot: str
    tables: dict[str, int]


async def take_backup(database: Database, postgres: EmbeddedPostgres, path: Path, *, overwrite: bool) -> Manifest:
    """Back the database up into a file of mode 0600; raises `BackupFailed`.

    The file appears when it is whole and was read again. What an interruption leaves is called `.part`, and the next
    backup of this name begins it anew.
    """
    _refuse_taken(path, overwrite)
    part = path.with_name(f"{path.name}.part")
    try:
        with _held(part) as file:
            manifest = await _write(database, postgres, file)
            await check_backup(postgres, part)
            part.replace(path)
            _sync(path.parent)
    except OSError as error:
        raise BackupFailed(f"{error.filename or part}: {error.strerror}; choose another place for the backup") from None
    except Failed as error:
        raise BackupFailed(f"the backup failed: {error}") from None
    return manifest


def _refuse_taken(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise BackupFailed(f"there is a file {path} already; choose another name, or add --overwrite")


async def check_backup(postgres: EmbeddedPostgres, path: Path) -> Manifest:
    """Read a backup to its end and count its rows; raises `BadBackup`, or `Failed` if it cannot be read."""
    manifest = read_manifest(path)
    async with running(sql_command(), postgres, stdin=PIPE) as process:
        found, _ = await asyncio.gather(_counted_in_output(process.stdout), feed(process, read_dump(path, manifest)))
    if differs := difference(manifest.tables, found):
        raise BadBackup(f"{path} is not what was to be backed up: {differs}; take another backup")
    return manifest


async def _counted_in_output(output: asyncio.StreamReader | None) -> dict[str, int]:
    assert output is not None
    found, rest = RowCounter(), b""
    while chunk := await output.read(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        found.take(lines)
    return found.rows


@contextmanager
def _held(part: Path) -> Iterator[IO[bytes]]:
    """The file to write, emptied, that nobody else writes meanwhile; deleted if the block fails."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFailed(f"another backup writes {part}; wait until it is done") from None
        if not os.path.samestat(os.fstat(descriptor), part.stat()):
            raise BackupFailed(f"another backup has just written {part}; there is no need for this one")
        file.truncate()
        os.fchmod(descriptor, 0o600)
        try:
            yield file
        finally:
            part.unlink(missing_ok=True)


async def _write(database: Database, postgres: EmbeddedPostgres, file: IO[bytes]) -> Manifest:
    writer = DumpWriter(file)
    engine = database.engine.execution_options(isolation_level="REPEATABLE READ")
    async with engine.connect() as connection:
        moment = await _moment(connection)
        async with running(dump_command(moment.snapshot), postgres) as process:
            assert process.stdout is not None
            while chunk := await process.stdout.read(CHUNK):
                writer.write(chunk)
    manifest = Manifest(
        format=FORMAT,
        made_at=moment.now,
        version=__version__,
        migration=moment.migration,
        postgresql=moment.postgresql,
        database_bytes=moment.bytes,
        dump_bytes=writer.size,
        dump_sha256=writer.sha256,
        tables=moment.tables,
    )
    writer.finish(manifest)
    file.flush()
    os.fsync(file.fileno())
    return manifest


async def _moment(connection: AsyncConnection) -> Moment:
    """What the connection's transaction sees; its snapshot is for others as long as that lasts."""
    row = (await connection.execute(_ABOUT)).mappings().one()
    return Moment(**row, tables=await counted(connection))


def _sync(folder: Path) -> None:
    """Let a new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
