"""Restoring a backup: into a database beside the one in use, brought to this version, checked, and then swapped in.

Until the swap, which is one transaction, the database in use is not touched; what an interruption leaves beside it is
dropped by the next restore.
"""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from sqlalchemy import NullPool, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from tgl_server.backup.archive import Manifest, read_dump, read_manifest
from tgl_server.backup.errors import BadBackup, RestoreFailed
from tgl_server.backup.programs import Failed, feed, restore_command, running
from tgl_server.backup.rows import counted, difference
from tgl_server.db.embedded import EmbeddedPostgres, free_bytes
from tgl_server.db.engine import Database, open_engine
from tgl_server.db.migrate import newest_version, upgrade
from tgl_server.followers.follower import Followers
from tgl_server.settings import Settings
from tgl_server.verify.service import Fault, FaultKind, find_faults, repair

_MB: Final = 1024 * 1024
_LOCK: Final = 4_701_050  # of this program's advisory locks, in the database of administration
_PATIENCE_SECONDS: Final = 20.0
_HAS_TABLES: Final = text("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')")


async def restore_backup(
    postgres: EmbeddedPostgres, settings: Settings, path: Path, followers: Followers, *, replaces: bool, fixes: bool
) -> Manifest:
    """Put the database of a backup into the place of the present one; raises `RestoreFailed` or `BadBackup`.

    With `fixes` what `verify` finds is repaired before, as by `verify --fix`.
    """
    manifest = read_manifest(path)
    _check(postgres, path, manifest)
    name = make_url(postgres.dsn).database or ""
    beside, old = f"{name}_restored", f"{name}_replaced"
    async with _administration(postgres) as engine, engine.connect() as admin:
        if not await admin.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})")):
            raise RestoreFailed("another restore is under way; wait until it is done")
        if not replaces and await _has_tables(settings):
            raise RestoreFailed("there is a database already; add --replace to put the backup in its place")
        for left in (beside, old):
            await admin.execute(text(f"DROP DATABASE IF EXISTS {left} WITH (FORCE)"))
        await admin.execute(text(f"CREATE DATABASE {beside} TEMPLATE template0"))
        try:
            await _fill(postgres, beside, path, manifest)
            await _prepare(replace(settings, database_url=_url(postgres, beside)), manifest, followers, fixes=fixes)
            await _swap(engine, name, beside, old)
        finally:
            for left in (beside, old):
                await admin.execute(text(f"DROP DATABASE IF EXISTS {left} WITH (FORCE)"))
    return manifest


def _check(postgres: EmbeddedPostgres, path: Path, manifest: Manifest) -> None:
    """Raises `RestoreFailed` for a backup of a later version, and without room for it beside the present database."""
    if manifest.migration > newest_version():
        raise RestoreFailed(
            f"{path} has version {manifest.migration} of the database, and this tgl-server knows "
            f"{newest_version()}; install tgl-server {manifest.version} or later"
        )
    free = free_bytes(postgres.data_dir)
    if free < manifest.database_bytes:
        raise RestoreFailed(
            f"the database of {path} takes {manifest.database_bytes // _MB:,} MB, and {postgres.data_dir} has "
            f"{free // _MB:,} MB left; make room, as the present one stays until the other is whole"
        )


async def _fill(postgres: EmbeddedPostgres, beside: str, path: Path, manifest: Manifest) -> None:
    """Restore the dump, all or nothing, and count its rows."""
    try:
        async with running(restore_command(beside), postgres, stdin=PIPE) as process:
            await feed(process, read_dump(path, manifest))
    except Failed as error:
        raise RestoreFailed(f"{path} could not be restored: {error}; the database is as it was") from None
    engine = open_engine(_url(postgres, beside), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            found = await counted(connection)
            await connection.execute(text("ANALYZE"))
            await connection.commit()
    finally:
        await engine.dispose()
    if differs := difference(manifest.tables, found):
        raise BadBackup(f"{path} is not what was backed up: {differs}; the database is as it was")


async def _prepare(settings: Settings, manifest: Manifest, followers: Followers, *, fixes: bool) -> None:
    """Bring it to this version, verify it, and repair what time has left open, or all that is wrong."""
    if manifest.migration != newest_version():
        await asyncio.to_thread(upgrade, settings.database_url)
    database, timeout = Database(settings), settings.run_timeout
    try:
        faults = await find_faults(database, timeout, followers)
        # A run that was under way when the backup was taken is no fault of the backup.
        expected = [fault for fault in faults if fixes or fault.kind is FaultKind.OPEN_RUN]
        if len(expected) < len(faults):
            raise RestoreFailed(_faulty([fault for fault in faults if fault not in expected]))
        for fault in expected:
            await repair(database, fault, timeout, followers)
    finally:
        await database.close()


def _faulty(faults: list[Fault]) -> str:
    first = faults[0]
    return (
        f"the restored database has {len(faults)} faults, such as {first.kind} of {first.repo}: found {first.found}, "
        f"expected {first.expected}; the database is as it was, and --fix repairs them before it is replaced"
    )


async def _swap(engine: AsyncEngine, name: str, beside: str, old: str) -> None:
    """Rename both in one transaction. It waits for connections to end and lets no new ones in, while another ends them:
    a server that runs answers 503 for a moment, and goes on with what was restored."""
    ending = asyncio.create_task(_end_connections(engine, name))
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), engine.connect() as connection:
            in_one = await connection.execution_options(isolation_level="READ COMMITTED")
            async with in_one.begin():
                await in_one.execute(text(f"ALTER DATABASE {name} RENAME TO {old}"))
                await in_one.execute(text(f"ALTER DATABASE {beside} RENAME TO {name}"))
    except (DBAPIError, TimeoutError):
        raise RestoreFailed("others use the database all the time; stop the server, and restore again") from None
    finally:
        ending.cancel()


async def _end_connections(engine: AsyncEngine, name: str) -> None:
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    async with engine.connect() as connection:
        while True:
            await connection.execute(end, {"name": name})
            await asyncio.sleep(0.1)


async def _has_tables(settings: Settings) -> bool:
    engine = open_engine(settings.database_url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return bool(await connection.scalar(_HAS_TABLES))
    finally:
        await engine.dispose()


@asynccontextmanager
async def _administration(postgres: EmbeddedPostgres) -> AsyncIterator[AsyncEngine]:
    """Connections to the database of administration, from which others are made, renamed and dropped."""
    engine = open_engine(_url(postgres, "postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        yield engine
    finally:
        await engine.dispose()


def _url(postgres: EmbeddedPostgres, database: str) -> str:
    return make_url(postgres.dsn).set(database=database).render_as_string(hide_password=False)
