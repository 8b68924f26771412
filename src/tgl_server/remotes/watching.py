"""Looking at a mirror while git fills it: its size, its refs, and whether ssh still receives anything."""

import asyncio
from contextlib import suppress
from pathlib import Path

import psutil

from tgl_server.remotes.address import Place, Scheme
from tgl_server.remotes.errors import Reason, RemoteUnreachable
from tgl_server.remotes.explained import too_large, too_many_refs
from tgl_server.remotes.folder import contents_of
from tgl_server.remotes.policy import RemotePolicy

_PAUSE_SECONDS = 0.5
_SLOW_BYTES = 1000


async def watch_folder(place: Place, mirror: Path, policy: RemotePolicy, guard: int) -> None:
    """Look until cancelled; raises when the remote sends too much or, over ssh, too slowly.

    Over HTTP, git itself gives up on a slow remote.
    """
    stall = _Stall(place, policy)
    while True:
        await asyncio.sleep(min(_PAUSE_SECONDS, policy.stall.total_seconds() / 4))
        held = await asyncio.to_thread(contents_of, mirror)
        if held.bytes > policy.max_bytes:
            raise too_large(place, policy)
        if held.loose_refs > policy.max_refs:
            raise too_many_refs(place, policy)
        if place.scheme is Scheme.SSH:
            stall.look(guard)


class _Stall:
    """The bytes that ssh has received, and since when they are not enough."""

    def __init__(self, place: Place, policy: RemotePolicy) -> None:
        self._place = place
        self._seconds = policy.stall.total_seconds()
        self._bytes = 0
        self._since = asyncio.get_running_loop().time()

    def look(self, guard: int) -> None:
        """Raises `RemoteUnreachable` when ssh runs and has received less than a kilobyte a second for too long."""
        now, received = asyncio.get_running_loop().time(), _received_by_ssh(guard)
        if received is None or received - self._bytes >= _SLOW_BYTES * self._seconds:
            self._bytes, self._since = received or 0, now
        elif now - self._since > self._seconds:
            raise RemoteUnreachable(
                f"{self._place} stopped sending",
                "the next pull tries again; for a remote that thinks for long, raise PULL_STALL_SECONDS",
                Reason.STALLED,
            )


def _received_by_ssh(guard: int) -> int | None:
    """The bytes that ssh has read so far; None when no ssh runs below the guard."""
    with suppress(psutil.Error):
        for process in psutil.Process(guard).children(recursive=True):
            if process.name() == "ssh":
                return int(process.io_counters().read_chars)
    return None
