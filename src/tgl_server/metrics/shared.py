"""Metrics of several worker processes: each counts in files of its own, and the one that is scraped adds them up.

These are the library's multiprocess files, mapped into memory: counting needs no system call, and the counts of a
killed worker are kept. A scrape has the same numbers whichever worker answers it.
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

# The library's own variable, which reaches a worker whether it is forked or started anew.
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def counted_together() -> Iterator[None]:
    """Let workers started in the block count together; their files are deleted at its end. Enter it before counting."""
    with TemporaryDirectory(prefix="tgl-metrics-") as folder:
        os.environ[_FOLDER] = folder
        # The library reads the variable when it is imported, which the main process has done already.
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call] # the library has no types here
        try:
            yield
        finally:
            del os.environ[_FOLDER]
            values.ValueClass = values.MutexValue


def counted_registry() -> CollectorRegistry:
    """The counts of all workers together; of this process only if nothing is shared."""
    folder = os.environ.get(_FOLDER)
    if folder is None:
        return REGISTRY
    _forget_dead_workers(Path(folder))
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]
    return together


def _forget_dead_workers(folder: Path) -> None:
    """Drop the gauges of dead workers, whose connections and queues ended with them; their counters are kept."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not psutil.pid_exists(pid):
            mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
