"""Repacking a mirror: many packs become one, as each fetch adds one and git searches all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from tgl_server.remotes import command as commands
from tgl_server.remotes.errors import RemoteError
from tgl_server.remotes.folder import delete_leftovers, locked
from tgl_server.remotes.process import Limits, run_guarded

_MEMORY_BYTES: Final = 4 * 1024**3
_LOOK_SECONDS: Final = 1.0


class _Wanted(Exception):
    """Somebody wants the mirror."""


async def repack(
    mirror: Path, is_wanted: Callable[[], Awaitable[bool]], *, max_bytes: int, deadline: timedelta
) -> bool:
    """Make one pack of all; False where somebody works on the mirror, or wants it meanwhile, who then soon has it.

    What no branch reaches any more is dropped. Call it from the main thread, as `fetch`. However it ends, no process of
    it is left, and no half of a pack.
    """
    try:
        async with locked(mirror, patience_seconds=0) as lock, asyncio.timeout(deadline.total_seconds()):
            if await is_wanted():
                return False
            try:
                return await _repack(mirror, lock, is_wanted, max_bytes)
            finally:
                delete_leftovers(mirror)
    except (RemoteError, _Wanted, TimeoutError):
        return False


async def _repack(mirror: Path, lock: int, is_wanted: Callable[[], Awaitable[bool]], max_bytes: int) -> bool:
    async def watch(_: int) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if await is_wanted():
                raise _Wanted

    # The window's memory is bounded, as objects may be as large as the limit of a mirror.
    command = [*commands.local_command(mirror), "-c", "pack.windowMemory=256m", "repack", "-a", "-d", "-q"]
    limits = Limits(file_bytes=max_bytes, memory_bytes=_MEMORY_BYTES, cpu_seconds=3600)
    ended = await run_guarded(command, commands.local_environment(mirror), limits, held=[lock], watch=watch)
    return ended.status == 0
