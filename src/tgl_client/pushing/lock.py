"""One push of a repository to a target at a time, on this machine.

The lock is the operating system's, on an open file, so that nothing stale is left by a kill -9. The file stays: a
process that waits for a file which another deletes would lock something else (tox-dev/filelock#574). Two machines at
once are the server's business: it drops duplicates. So a lock is a saving, not a need: where its file cannot be
written, the push goes on without one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor

from tgl_client.errors import AlreadyRunningError
from tgl_client.http.address import ServerUrl, Target
from tgl_client.settings.folders import state_folder, state_name


@contextmanager
def locked(
    path: Path, url: ServerUrl, target: Target, on_trouble: Callable[[OSError], None] | None = None
) -> Iterator[None]:
    """Hold the lock of this repository and target; raises `AlreadyRunningError` at once when another has it.

    `on_trouble` hears why there is no lock, where none can be had.
    """
    handle = None
    try:
        handle = _open(path, url, target)
        is_free = lock_descriptor(handle, blocking=False)
    except OSError as error:
        is_free = True
        if on_trouble is not None:
            on_trouble(error)
    try:
        if not is_free:
            raise AlreadyRunningError(f"another push of {path} to {target} is running")
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _open(path: Path, url: ServerUrl, target: Target) -> int:
    folder = state_folder() / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(folder / state_name(path, str(url), str(target)), os.O_RDWR | os.O_CREAT, 0o600)
