"""The parent of a process that must not outlive it."""

import os
import signal
import threading
import time


def stop_with(parent_pid: int) -> None:
    """Stop this process once its parent is gone: a parent that was killed could not stop it, and nobody else would."""
    threading.Thread(target=_watch, args=[parent_pid], daemon=True).start()


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
