"""The harness of the benchmarks: a server over a new PostgreSQL, repositories and keys, and the worker's memory."""

import asyncio
import signal
import statistics
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Self
from uuid import UUID

import psutil

from tests.support.servers import RunningServer, running_server
from tests.support.world import World, make_world
from tgl_server.api_keys.service import create_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.service import create_repo, find_project
from tgl_server.settings import Settings

#: As a server has them by default; the tests' servers hash faster.
ARGON2: dict[str, Any] = {"argon2_time_cost": 2, "argon2_memory_kib": 19 * 1024}
MEGABYTE = 2**20


@dataclass(frozen=True)
class Stage:
    """A server with one worker, all of it on this machine."""

    postgres: EmbeddedPostgres
    server: RunningServer
    world: World

    def sync_path(self, repo: str) -> str:
        return f"/api/v1/sync/projects/{self.world.project}/repos/{repo}"


@contextmanager
def staged(**settings: Any) -> Iterator[Stage]:
    """A server with all defaults on; the rate limiter counts, but its limit is never reached."""
    signal.signal(signal.SIGTERM, _stop)
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "pg") as postgres:
        migrate.upgrade(postgres.dsn)
        world = asyncio.run(make_world(postgres.dsn))
        with running_server(database_url=postgres.dsn, **settings) as server:
            yield Stage(postgres, server, world)


def _stop(number: int, _: FrameType | None) -> None:
    """Stop on SIGTERM in order: ended at once, it would leave server and PostgreSQL running."""
    raise SystemExit(128 + number)


async def add_repos(stage: Stage, names: Sequence[str]) -> dict[str, UUID]:
    """Repositories in the world's project, by their names."""
    database = Database(Settings(database_url=stage.postgres.dsn))
    async with database.transaction() as tx:
        project = await find_project(tx, stage.world.project)
        assert project is not None
        found = {name: (await create_repo(tx, project, name, stage.world.user_id, FOLLOWERS)).id for name in names}
    await database.close()
    return found


async def add_keys(stage: Stage, count: int) -> list[str]:
    """Keys of the world's user, hashed as a server does by default."""
    settings = Settings(database_url=stage.postgres.dsn, argon2_concurrency=2, **ARGON2)
    database, argon2 = Database(settings), Argon2(settings)
    async with database.transaction() as tx:
        made = [await create_key(tx, argon2, stage.world.user_id, f"client {n}") for n in range(count)]
    argon2.close()
    await database.close()
    return [key.full_key for _, key in made]


def worker_of(server: RunningServer) -> psutil.Process:
    """The process that answers requests, among the main process and those of multiprocessing."""
    return max(psutil.Process(server.pid).children(), key=lambda child: child.memory_info().rss)


def private_mb(process: psutil.Process) -> float:
    """A process's private memory (USS) in MB: what would be free without it."""
    return float(process.memory_full_info().uss) / MEGABYTE


class PeakMemory:
    """The peak memory of a process, which a thread samples ten times a second.

    `resident` is with what it shares with others, its main process above all, and so more than is its own.
    """

    def __init__(self, process: psutil.Process) -> None:
        self.private = self.resident = 0.0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.private = max(self.private, private_mb(self._process))
            self.resident = max(self.resident, self._process.memory_info().rss / MEGABYTE)

    def __str__(self) -> str:
        return f"at its peak {self.private:.0f} MB private, {self.resident:.0f} MB resident"


def percentile(values: Sequence[float], percent: int) -> float:
    """A percentile of at least one value."""
    return statistics.quantiles([*values, values[-1]], n=100, method="inclusive")[percent - 1]
