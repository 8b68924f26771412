"""The folder of a mirror: its lock, its size, and what a killed git leaves in it."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from msgspec import Struct

from tgl_server.remotes.errors import Reason, RemoteFailed

_PAUSE_SECONDS = 0.1


class Contents(Struct, frozen=True):
    """How much a folder holds: bytes on the disk, and files below `refs/`."""

    bytes: int
    loose_refs: int


@asynccontextmanager
async def locked(mirror: Path, patience_seconds: float = 10) -> AsyncIterator[int]:
    """Hold the mirror alone, also against other processes; raises `RemoteFailed` while somebody else does.

    The lock is a file beside the folder, so that the folder can be deleted under it. What is started with the
    descriptor holds the lock as well: nobody touches a mirror while any process of an interrupted fetch still writes.
    """
    mirror.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(mirror.with_name(f"{mirror.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _lock(descriptor, patience_seconds)
        yield descriptor
    finally:
        os.close(descriptor)


async def _lock(descriptor: int, patience_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if loop.time() >= until:
                raise RemoteFailed(
                    "another process still works on this mirror", "the next pull tries again", Reason.BUSY
                ) from None
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


def contents_of(mirror: Path) -> Contents:
    """What the folder holds now; git may be changing it meanwhile."""
    total, loose = 0, 0
    folders = [os.fspath(mirror)]
    refs = f"{os.fspath(mirror)}/refs/"
    while folders:
        folder = folders.pop()
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    continue
                loose += entry.path.startswith(refs)
                with suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return Contents(total, loose)


def size_of(mirror: Path) -> int:
    """The bytes that the mirror takes on the disk; 0 without one."""
    return contents_of(mirror).bytes


def delete_leftovers(mirror: Path) -> None:
    """Delete what a killed git left: half a pack, and locks that would refuse every later fetch."""
    found = [*mirror.glob("objects/**/tmp_*"), *mirror.glob("*.lock"), *mirror.glob("refs/**/*.lock")]
    for path in found:
        if path.is_file() or path.is_symlink():
            path.unlink(missing_ok=True)
