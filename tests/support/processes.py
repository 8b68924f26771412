"""Looking at processes of others, each of which may end between two looks."""

from contextlib import suppress
from pathlib import Path

import psutil


def is_alive(process: psutil.Process) -> bool:
    """False for a process that has ended, also if it does so at this moment or nobody has waited for it yet."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def is_pid_alive(pid: int) -> bool:
    """`is_alive` by the id of a process."""
    with suppress(psutil.NoSuchProcess):
        return is_alive(psutil.Process(pid))
    return False


def command_line(process: psutil.Process) -> list[str]:
    """Its words; none if it has ended or may not be looked at."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def processes_of(mirror: Path) -> list[psutil.Process]:
    """The processes of a fetch that work on a mirror now: all have the home that is in it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("HOME") == str(mirror / "home") and is_alive(process):
                found.append(process)
    return found
