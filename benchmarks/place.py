"""A database of any size in a folder of its own, served with any settings, and pushes to it."""

import asyncio
import random
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from benchmarks.commits import COLUMNS, commit_row, synthetic_commits
from benchmarks.stock import FAST_FILL, Stock, open_stock
from benchmarks.timing import Ask, Times, ask_all, cpu_ms
from tests.support.servers import RunningServer, running_server
from tests.support.world import World, make_world
from tgl_protocol.commits import Commit, PushBatch
from tgl_protocol.http import RUN_ID_HEADER
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres

BATCH = 1000
MILLION = 1_000_000

# What docs/subsystems/operations.md recommends for a machine with 8 GB of memory or more.
RECOMMENDED = {"shared_buffers": "2GB", "max_wal_size": "8GB", "checkpoint_timeout": "15min"}


@dataclass(frozen=True)
class Place:
    """One database in one folder; servers come and go."""

    folder: Path
    world: World
    stock: Stock

    @contextmanager
    def served(self, settings: Mapping[str, str]) -> Iterator[EmbeddedPostgres]:
        with embedded_postgres(self.folder / "pg", settings=settings) as postgres:
            yield postgres

    def fill(self, millions: float) -> None:
        """Fill the database up to a number of commits, with `fsync` off."""
        started = time.perf_counter()
        with self.served(FAST_FILL) as postgres:
            asyncio.run(self.stock.fill(postgres, int(millions * MILLION)))
        note(f"filled to {millions:g} million in {time.perf_counter() - started:.0f} s")

    def fresh_commits(self, count: int) -> list[Commit]:
        """New commits with dates after all earlier ones, as in a living repository."""
        made = synthetic_commits(count, random.getrandbits(64))
        later = self.stock.newest - made[0].commit_date + timedelta(minutes=30)
        commits = [_dated(commit, later) for commit in made]
        self.stock.newest = max(commit.commit_date for commit in commits)
        return commits

    def push(self, postgres: EmbeddedPostgres, commits: list[Commit], connections: int, **settings: Any) -> Times:
        """Push to the large repository as one run, after a checkpoint.

        The server is one of its own, so that its connections have reported all their counts when it is gone.
        """
        headers = {RUN_ID_HEADER: str(uuid.uuid4())}
        cuts = [commits[start : start + BATCH] for start in range(0, len(commits), BATCH)]
        path = f"{self.world.sync_path}/commits"
        asks = [Ask(path, msgspec.json.encode(PushBatch(cut, "growth")), headers) for cut in cuts]
        execute(postgres, "CHECKPOINT")
        with api_server(postgres, **settings) as server:
            before = cpu_ms(server.pid), cpu_ms(postgres.postmaster_pid)
            times = asyncio.run(ask_all(server, self.world, asks, connections))
            times.server_cpu = (cpu_ms(server.pid) - before[0]) / len(asks)
            times.postgres_cpu = (cpu_ms(postgres.postmaster_pid) - before[1]) / len(asks)
        return times


def make_place(folder: Path) -> Place:
    """An empty database with twenty repositories."""
    with embedded_postgres(folder / "pg", settings=FAST_FILL) as postgres:
        migrate.upgrade(postgres.dsn)
        world = asyncio.run(make_world(postgres.dsn))
        stock = asyncio.run(open_stock(postgres.dsn, world))
    return Place(folder, world, stock)


@contextmanager
def api_server(postgres: EmbeddedPostgres, **settings: Any) -> Iterator[RunningServer]:
    """A server with all defaults on; the rate limiter counts, but its limit is never reached."""
    never = dict.fromkeys(["sync_requests_per_minute", "api_requests_per_minute", "page_requests_per_minute"], 10**9)
    given = {"log_level": "warning", **never, **settings}
    with running_server(database_url=postgres.dsn, **given) as server:
        yield server


def execute(postgres: EmbeddedPostgres, *statements: str) -> None:
    """Execute statements outside a transaction, as VACUUM requires."""

    async def run() -> None:
        connection = await asyncpg.connect(postgres.libpq_dsn)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def fetch(postgres: EmbeddedPostgres, query: str) -> list[dict[str, Any]]:
    """All rows of a query."""

    async def run() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(postgres.libpq_dsn)
        rows = await connection.fetch(query)
        await connection.close()
        return [dict(row) for row in rows]

    return asyncio.run(run())


def raw_copy(postgres: EmbeddedPostgres, world: World, commits: list[Commit], table: str = "commits") -> Times:
    """Copy rows that are ready as Python values, a thousand per transaction, after a checkpoint."""
    rows = [(world.repo_id, *commit_row(commit)) for commit in commits]
    execute(postgres, "CHECKPOINT")

    async def copy() -> Times:
        connection = await asyncpg.connect(postgres.libpq_dsn)
        used = cpu_ms(postgres.postmaster_pid)
        times, started = Times([], 0.0), time.perf_counter()
        for start in range(0, len(rows), BATCH):
            before = time.perf_counter()
            records = rows[start : start + BATCH]
            await connection.copy_records_to_table(table, records=records, columns=("repo_id", *COLUMNS))
            times.milliseconds.append((time.perf_counter() - before) * 1000)
        times.seconds = time.perf_counter() - started
        times.postgres_cpu = (cpu_ms(postgres.postmaster_pid) - used) / len(times.milliseconds)
        await connection.close()
        return times

    return asyncio.run(copy())


_COUNTS = """
    SELECT pg_current_wal_insert_lsn() - '0/0' AS wal, (SELECT wal_fpi FROM pg_stat_wal) AS pages,
           (SELECT num_done FROM pg_stat_checkpointer) AS checkpoints,
           heap_blks_hit AS table_hits, heap_blks_read AS table_reads,
           idx_blks_hit AS index_hits, idx_blks_read AS index_reads
    FROM pg_statio_user_tables WHERE relname = 'commits'
"""


@contextmanager
def counted(postgres: EmbeddedPostgres) -> Iterator[dict[str, int]]:
    """PostgreSQL's statistics for the block, from connections that were closed in it."""
    counts: dict[str, int] = {}
    [before] = fetch(postgres, _COUNTS)
    yield counts
    [after] = fetch(postgres, _COUNTS)
    counts |= {name: int(after[name] - before[name]) for name in after}


def note(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


def _dated(commit: Commit, later: timedelta) -> Commit:
    at = commit.commit_date + later
    return msgspec.structs.replace(commit, commit_date=at, author_date=at)
