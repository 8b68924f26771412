"""Ingestion over HTTP against raw binary COPY of the same rows, in one run on one machine.

The yardstick copies each thousand rows into a table with the columns and indexes of `commits`, a transaction
each, over one connection. Ratios are medians of rounds that take turns.
"""

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import msgspec
import typer

from benchmarks.commits import synthetic_commits
from tests.servers import RunningServer, running_server
from tests.world import World, make_world
from tgl_protocol.commits import PushBatch
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.ingest.decode import COLUMNS, commit_row

YARDSTICK = "raw COPY, 1 connection"


@dataclass(frozen=True)
class Bench:
    postgres: EmbeddedPostgres
    server: RunningServer
    world: World
    batches: int
    batch_size: int


def main(batches: int = 40, batch_size: int = 1000, rounds: int = 3) -> None:
    """Print commits per second and ratios to the yardstick."""
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "pg") as postgres:
        migrate.upgrade(postgres.dsn)
        world = asyncio.run(make_world(postgres.dsn))
        with running_server(database_url=postgres.dsn, log_level="warning", sync_requests_per_minute=10**6) as server:
            bench = Bench(postgres, server, world, batches, batch_size)
            asyncio.run(_run(bench, rounds))


async def _run(bench: Bench, rounds: int) -> None:
    rates: dict[str, list[float]] = {}
    for round_ in range(rounds + 1):
        for name, measure in _measures(bench, round_).items():
            rate = await measure()
            if round_:  # the first round warms up
                rates.setdefault(name, []).append(rate)
    yardstick = statistics.median(rates[YARDSTICK])
    print(f"{bench.batches} batches of {bench.batch_size} commits, median of {rounds} rounds")
    for name, found in rates.items():
        rate = statistics.median(found)
        print(f"{name:42} {rate:10,.0f} commits/s   {rate / yardstick:5.2f} x")


def _measures(bench: Bench, round_: int) -> dict[str, Callable[[], Awaitable[float]]]:
    one = _bodies(bench, 2 * round_)
    four = _bodies(bench, 2 * round_ + 1)
    return {
        YARDSTICK: lambda: _raw_copy(bench, round_),
        "HTTP, 1 connection, new": lambda: _http(bench, one, 1),
        "HTTP, 1 connection, replayed": lambda: _http(bench, one, 1),
        "HTTP, 4 connections, new": lambda: _http(bench, four, 4),
        "HTTP, 4 connections, replayed": lambda: _http(bench, four, 4),
    }


def _bodies(bench: Bench, seed: int) -> list[bytes]:
    commits = synthetic_commits(bench.batches * bench.batch_size, seed)
    starts = range(0, len(commits), bench.batch_size)
    return [msgspec.json.encode(PushBatch(commits[start : start + bench.batch_size], "bench")) for start in starts]


async def _raw_copy(bench: Bench, round_: int) -> float:
    """The rows ready as Python values; each thousand is a transaction of its own."""
    rows = [commit_row(commit) for commit in synthetic_commits(bench.batches * bench.batch_size, -1 - round_)]
    repo_id = uuid.uuid4()
    connection = await asyncpg.connect(bench.postgres.libpq_dsn)
    await connection.execute(
        "DROP TABLE IF EXISTS yardstick; CREATE TABLE yardstick (LIKE commits INCLUDING ALL);"
        "INSERT INTO yardstick SELECT * FROM commits"
    )
    whole = [(repo_id, *row) for row in rows]
    started = time.perf_counter()
    for start in range(0, len(whole), bench.batch_size):
        await connection.copy_records_to_table(
            "yardstick", records=whole[start : start + bench.batch_size], columns=("repo_id", *COLUMNS)
        )
    seconds = time.perf_counter() - started
    await connection.execute("DROP TABLE yardstick")
    await connection.close()
    return len(whole) / seconds


async def _http(bench: Bench, bodies: list[bytes], connections: int) -> float:
    url = f"{bench.server.url}{bench.world.sync_path}/commits"
    headers = {"Authorization": f"Bearer {bench.world.key}", "Content-Type": "application/json"}
    waiting = iter(bodies)
    async with aiohttp.ClientSession(headers=headers) as session:

        async def push() -> None:
            for body in waiting:
                async with session.post(url, data=body) as response:
                    assert response.status == 201, await response.text()
                    await response.read()

        started = time.perf_counter()
        await asyncio.gather(*(push() for _ in range(connections)))
        return bench.batches * bench.batch_size / (time.perf_counter() - started)


if __name__ == "__main__":
    typer.run(main)
