"""Running the wheel's own `pg_dump` and `pg_restore`, which come with the embedded server and fit to it."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

from tgl_server.backup.archive import CHUNK
from tgl_server.db.embedded import EmbeddedPostgres, find_programs

_LAST_WORDS: Final = 300


class Failed(Exception):
    """A program ended with an error; its last words."""


def dump_command(snapshot: str) -> list[str]:
    """Dump the database as it was when the snapshot was taken."""
    program = str(find_programs().bin / "pg_dump")
    return [program, "--format=custom", "--compress=gzip:6", f"--snapshot={snapshot}", "--no-password"]


def restore_command(database: str) -> list[str]:
    """Restore a dump into an empty database, all or nothing."""
    program = str(find_programs().bin / "pg_restore")
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"]
    return [program, *options, f"--dbname={database}"]


def sql_command() -> list[str]:
    """Print a dump as SQL, which reads all of it and needs no database."""
    return [str(find_programs().bin / "pg_restore"), "--file=-"]


@asynccontextmanager
async def running(command: list[str], postgres: EmbeddedPostgres, stdin: int | None = None) -> AsyncIterator[Process]:
    """The program with its output to read, ended with the block; raises `Failed` if it did not end well.

    The password goes by the environment, where a list of processes does not show it.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdin=stdin, stdout=PIPE, stderr=PIPE, env=postgres.libpq_environment, limit=CHUNK
    )
    words = asyncio.create_task(_last_words(process))
    try:
        yield process
        status = await process.wait()
        if status:
            raise Failed((await words) or f"{command[0]} ended with {status}")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        words.cancel()


async def feed(process: Process, chunks: Iterable[bytes]) -> None:
    """Write to the program's input and close it; one that has ended says itself why."""
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        for chunk in chunks:
            process.stdin.write(chunk)
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


async def _last_words(process: Process) -> str:
    assert process.stderr is not None
    said = b""
    while chunk := await process.stderr.read(CHUNK):
        said = (said + chunk)[-_LAST_WORDS:]
    return said.decode(errors="replace").strip().replace("\n", "; ")
