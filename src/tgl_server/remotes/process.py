"""One git process under guard: what it may take, how it ends, and what it says."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from msgspec import Struct

_GUARD = Path(__file__).with_name("guard.py")
_KEPT_OF_ERRORS = 64 * 1024
_PIECE = 64 * 1024
_END_SECONDS = 10

#: Looks at the process, which has this id, from time to time, and raises to end it.
Watch = Callable[[int], Awaitable[None]]
#: Is given standard output in pieces, and raises to end the process.
Reader = Callable[[bytes], None]


class Limits(Struct, frozen=True, kw_only=True):
    """The most that each process may take."""

    file_bytes: int
    memory_bytes: int
    cpu_seconds: int


class Ended(Struct, frozen=True):
    """The exit status, and the last 64 KiB of standard error."""

    status: int
    said: str


def ignore(_: bytes) -> None:
    """A reader for output that does not matter."""


async def run_guarded(
    command: Sequence[str],
    environment: Mapping[str, str],
    limits: Limits,
    *,
    held: Sequence[int] = (),
    watch: Watch,
    reader: Reader = ignore,
) -> Ended:
    """Run a program to its end, or until `watch` or `reader` raises; no process of it is left behind.

    It inherits the descriptors `held`. It must be called from a thread that outlives the process: the kernel takes the
    end of that thread for ours.
    """
    async with _guarded(command, environment, limits, held) as process:
        talk = asyncio.ensure_future(_talk(process, reader))
        watching = asyncio.ensure_future(watch(process.pid))
        try:
            await asyncio.wait({talk, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not talk.done():
                watching.result()
            return await talk
        finally:
            talk.cancel()
            watching.cancel()
            await asyncio.gather(talk, watching, return_exceptions=True)


@asynccontextmanager
async def _guarded(
    command: Sequence[str], environment: Mapping[str, str], limits: Limits, held: Sequence[int]
) -> AsyncIterator[asyncio.subprocess.Process]:
    guard = [sys.executable, "-I", "-S", os.fspath(_GUARD), str(os.getpid())]
    numbers = [str(limits.file_bytes), str(limits.memory_bytes), str(limits.cpu_seconds)]
    process = await asyncio.create_subprocess_exec(
        *guard,
        *numbers,
        *command,
        env=dict(environment),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=held,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        await asyncio.shield(_end(process))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let the guard kill everything, and wait until it has and our ends of the pipes are closed."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            for pipe in (process.stdout, process.stderr):
                while pipe and await pipe.read(_PIECE):
                    pass


async def _talk(process: asyncio.subprocess.Process, reader: Reader) -> Ended:
    assert process.stdout
    assert process.stderr
    said = bytearray()

    def keep_end(piece: bytes) -> None:
        said.extend(piece)
        del said[:-_KEPT_OF_ERRORS]

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_read(process.stdout, reader))
            group.create_task(_read(process.stderr, keep_end))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return Ended(await process.wait(), said.decode("utf-8", "replace"))


async def _read(stream: asyncio.StreamReader, reader: Reader) -> None:
    while piece := await stream.read(_PIECE):
        reader(piece)
