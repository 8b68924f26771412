"""Looking for the processes of a fetch, which all have the home that is in its mirror."""

from contextlib import suppress
from pathlib import Path

import psutil


def processes_of(mirror: Path) -> list[psutil.Process]:
    """The processes that work on a mirror now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("HOME") == str(mirror / "home") and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
