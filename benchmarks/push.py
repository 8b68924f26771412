"""`tgl push` of a whole history against `git log --numstat -M` of the same commits, in one run on one machine.

    python -m benchmarks.push REPOSITORY

Server and database run on the same cores. Memory is private memory (a mapped pack is page cache), at its peak, of the
client's process and of the largest of its git workers.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import typer

from tests.support.servers import running_server
from tests.support.world import make_world
from tgl_server.db import migrate
from tgl_server.db.embedded import embedded_postgres

TGL = [sys.executable, "-m", "tgl_client"]
_MEGABYTE = 1024 * 1024
# To look costs the kernel a walk through all that a process has mapped, on the cores that are measured.
_LOOK_SECONDS = 2.0


@dataclass
class Peaks:
    """The peaks of private memory, in bytes."""

    client: int = 0
    worker: int = 0

    def look(self, process: psutil.Process) -> None:
        self.client = max(self.client, _private(process))
        for child in process.children(recursive=True):
            self.worker = max(self.worker, _private(child))


def main(repository: Path, repeats: int = 5) -> None:
    """Print seconds and ratios."""
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "pg") as postgres:
        migrate.upgrade(postgres.dsn)
        world = asyncio.run(make_world(postgres.dsn))
        with running_server(database_url=postgres.dsn, log_level="warning") as server:
            where = {"URL": server.url, "API_KEY": world.key, "PROJECT": world.project, "REPO": world.repo}
            environment = {**os.environ, **{f"TGL_{name}": value for name, value in where.items()}}
            _measure(repository, environment | {"TGL_HOME": folder}, repeats)
    _measure_start(repeats)


def _measure(repository: Path, environment: dict[str, str], repeats: int) -> None:
    first = _git_log(repository)
    push, peaks = _push(repository, environment)
    yardstick = statistics.mean([first, _git_log(repository)])
    again = [_push(repository, environment)[0] for _ in range(repeats)]
    print(f"git log --numstat -M        {yardstick:8.2f} s")
    print(f"tgl push, first             {push:8.2f} s   {push / yardstick:5.2f} x")
    print(
        f"tgl push, nothing new       {statistics.median(again):8.2f} s   (median of {repeats}, best {min(again):.2f})"
    )
    print(f"client's private memory     {peaks.client / _MEGABYTE:8.0f} MB")
    print(f"largest git worker's        {peaks.worker / _MEGABYTE:8.0f} MB")


def _git_log(repository: Path) -> float:
    command = ["git", "-C", str(repository), "log", "--branches", "--numstat", "-M", "--format=%H"]
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def _push(repository: Path, environment: dict[str, str]) -> tuple[float, Peaks]:
    peaks = Peaks()
    started = time.perf_counter()
    with subprocess.Popen([*TGL, "push", str(repository), "--quiet"], env=environment) as process:
        with _watched(process.pid, peaks):
            status = process.wait()
        seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"tgl push ended with status {status}")
    return seconds, peaks


@contextmanager
def _watched(pid: int, peaks: Peaks) -> Iterator[None]:
    over = threading.Event()

    def watch() -> None:
        process = psutil.Process(pid)
        while not over.wait(_LOOK_SECONDS):
            try:
                peaks.look(process)
            except psutil.Error:
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _private(process: psutil.Process) -> int:
    return int(process.memory_full_info().uss)


def _measure_start(repeats: int) -> None:
    for name, command in {"python -c pass": [sys.executable, "-c", "pass"], "tgl --help": [*TGL, "--help"]}.items():
        seconds = [_seconds(command) for _ in range(repeats)]
        print(f"{name:27} {statistics.median(seconds):8.3f} s   (best {min(seconds):.3f})")


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    typer.run(main)
