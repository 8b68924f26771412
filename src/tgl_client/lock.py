"""One push of a repository to a target at a time, on this machine.

The lock is the kernel's (`flock`), so that nothing stale is left by a kill -9. Two machines at once are the
server's business: it drops duplicates.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tgl_client.address import ServerUrl, Target
from tgl_client.errors import AlreadyRunningError
from tgl_client.folders import state_folder, state_name

if sys.platform != "win32":
    import fcntl


@contextmanager
def locked(path: Path, url: ServerUrl, target: Target) -> Iterator[None]:
    """Hold the lock of this repository and target; raises `AlreadyRunningError` at once when another has it."""
    if sys.platform == "win32":  # no flock there; a second push is only wasted work
        yield
        return
    folder = state_folder() / "locks"
    name = state_name(path, str(url), str(target))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(f"another push of {path} to {target} is running") from None
        yield
    finally:
        os.close(handle)
