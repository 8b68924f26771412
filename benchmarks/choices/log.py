"""The cost of the ingest log for a batch: its row, and the index that finds the commits of a row.

Databases of one PostgreSQL take turns with the same commits: as migrated, without the row, and without the index as
well. Who writes no row is told that nothing was inserted when it counts.
"""

import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy import text

from benchmarks.choices.tables import print_rows
from benchmarks.commits import synthetic_commits
from tests.support.databases import opened, own_database
from tests.support.world import make_world
from tgl_server.access.ids import RepoId
from tgl_server.db import migrate
from tgl_server.db.copy import copy_rows
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.ingest import queries
from tgl_server.ingest.encode import COLUMNS, encode_rows
from tgl_server.ingest.missing import missing_keys

_BATCH = 1000
_WARM_UP = 5
_SIDES = ("without both", False, False), ("with the index", True, False), ("with the log row too", True, True)


class _Side(Struct):
    """One database with its measurements, a value for each batch."""

    name: str
    database: Database
    repo_id: UUID
    has_log: bool
    run_id: UUID
    milliseconds: list[float]
    cpu: list[float]


def compare_log(batches: int = 200) -> None:
    """Print medians of alternating batches, and PostgreSQL's processor time for a batch."""
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "pg") as postgres:
        asyncio.run(_compare(postgres, batches))


async def _compare(postgres: EmbeddedPostgres, batches: int) -> None:
    async with AsyncExitStack() as stack:
        sides = []
        for name, has_index, has_log in _SIDES:
            url = await stack.enter_async_context(own_database(postgres))
            await asyncio.to_thread(migrate.upgrade, url)
            world = await make_world(url)
            database = await stack.enter_async_context(opened(url))
            sides.append(_Side(name, database, world.repo_id, has_log, uuid4(), [], []))
            if not has_index:
                async with database.transaction() as tx:
                    await tx.execute(text("DROP INDEX ix_commits_repo_id_ingested_at"))
        for number in range(batches + _WARM_UP):
            commits = synthetic_commits(_BATCH, number)
            for side in (*sides[number % 3 :], *sides[: number % 3]):
                await _store(side, encode_rows(side.repo_id, commits))
        for side in sides:
            del side.milliseconds[:_WARM_UP], side.cpu[:_WARM_UP]
    base = sides[0]
    print_rows(f"The ingest log: {batches} batches by turns", [_row(side, base) for side in sides])


async def _store(side: _Side, rows: dict[bytes, bytes]) -> None:
    started = time.perf_counter()
    async with side.database.transaction() as tx:
        backend = await tx.scalar(text("SELECT pg_backend_pid()"))
        before = _on_processor(backend)
        new = await missing_keys(tx, RepoId(side.repo_id), sorted(rows))
        await copy_rows(tx, queries.COMMITS, COLUMNS, [rows[sha] for sha in new])
        await tx.execute(queries.COUNT_BATCH, _counters(side, new))
    side.milliseconds.append((time.perf_counter() - started) * 1000)
    side.cpu.append(_on_processor(backend) - before)


def _on_processor(pid: int) -> float:
    """Milliseconds, from where Linux counts in nanoseconds; what psutil reads has steps of ten milliseconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def _counters(side: _Side, new: list[bytes]) -> dict[str, Any]:
    counted = {"total": _BATCH, "inserted": len(new) if side.has_log else 0, "skipped": 0, "errors": 0}
    nobody = {"client_version": None, "user_id": None, "api_key_id": None, "clock_skew": None}
    state = {"status": "syncing", "run_state": "running", "last_sha": new[-1], "lease": None}
    ends = {"first_new": new[0], "last_new": new[-1]}
    return {"repo_id": side.repo_id, "run_id": side.run_id, **counted, **nobody, **state, **ends}


def _row(side: _Side, base: _Side) -> dict[str, str]:
    middle = statistics.median(side.milliseconds)
    pairs = [mine / theirs for mine, theirs in zip(side.milliseconds, base.milliseconds, strict=True)]
    return {
        "": side.name,
        "batch, p50 ms": f"{middle:.2f}",
        "to the first": f"{middle / statistics.median(base.milliseconds) - 1:+.1%}",
        "median of the pairs": f"{statistics.median(pairs) - 1:+.1%}",
        "PostgreSQL's processor, p50 ms": f"{statistics.median(side.cpu):.2f}",
        "of it to the first": f"{statistics.median(side.cpu) / statistics.median(base.cpu) - 1:+.1%}",
    }
