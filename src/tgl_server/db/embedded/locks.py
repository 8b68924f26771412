"""Locks that record who uses the server; the kernel drops a lock when its holder dies, also by kill -9.

There are two. The start lock is held by one process while it starts, joins, leaves or stops the server. The users
lock is held, shared, by every process that uses the server; a process that can take it exclusively is the last one.
Programs that we start inherit neither: Python opens files so that they close on exec.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def start_lock(path: Path) -> Iterator[None]:
    """Be the only process that starts, joins, leaves or stops the server; waits for the others."""
    lock = _open(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        # Unlocked, not only closed: a process forked meanwhile has a copy of the descriptor, which would keep the lock.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def join_users(path: Path) -> int:
    """Count as a user until the returned descriptor is closed, here and in every process forked from this one."""
    seat = _open(path)
    fcntl.flock(seat, fcntl.LOCK_SH)
    return seat


def leave_users(path: Path, seat: int) -> bool:
    """Leave; True if no user is left. Call it under the start lock.

    The descriptor is closed and not unlocked: forked workers share the lock and may still use the server.
    """
    os.close(seat)
    probe = _open(path)
    try:
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(probe)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
