"""Several worker processes that count together: each in files of its own, which whoever is scraped adds up.

These are the library's multiprocess files, mapped into memory: counting writes there without a system call, and what
a killed worker counted stays counted. A scrape has the same numbers whichever worker answers it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from tgl_server.metrics.definitions import REGISTRY

# The library's own variable: it is how a worker knows, whether it was forked or started anew.
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def counted_together() -> Iterator[None]:
    """Workers started inside count together; their files are gone at the end. Call it before anything is counted."""
    with TemporaryDirectory(prefix="tgl-metrics-") as folder:
        os.environ[_FOLDER] = folder
        # What the library decides by the variable when it is imported; the main process has imported it already.
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call] # the library has no types here
        try:
            yield
        finally:
            del os.environ[_FOLDER]
            values.ValueClass = values.MutexValue


def counted_registry() -> CollectorRegistry:
    """What all workers have counted; of this process alone where nothing was shared."""
    folder = os.environ.get(_FOLDER)
    if folder is None:
        return REGISTRY
    _forget_dead_workers(Path(folder))
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]
    return together


def _forget_dead_workers(folder: Path) -> None:
    """Connections and queues end with their process; counters do not. A killed worker cannot say it is gone."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not psutil.pid_exists(pid):
            mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
