"""Who uses the server, kept by the kernel: it drops a lock when its holder dies, also by kill -9.

Two files. The start lock is held by one process while it starts, joins, leaves or stops the server. The users lock
is held, shared, by every process that uses the server; who can take it alone is the last one.
Neither reaches a program that we start: Python opens files so that they close on exec.
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
    """Be the only one who starts, joins, leaves or stops; waits for the others."""
    lock = _open(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        # Released by name: a process forked meanwhile has a copy of the descriptor, and must not keep the lock by it.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def join_users(path: Path) -> int:
    """Count as a user until the descriptor is closed, here and in every process forked from here."""
    seat = _open(path)
    fcntl.flock(seat, fcntl.LOCK_SH)
    return seat


def leave_users(path: Path, seat: int) -> bool:
    """Leave, and say whether nobody is left; to be called under the start lock.

    Only closed, not unlocked: forked workers share this lock and may go on.
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
