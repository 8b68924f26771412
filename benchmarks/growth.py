"""Equal requests against a league of none, one, five and ten million stored commits.

    python -m benchmarks.growth --at 0 1 5 10 --recommended 10

Each figure of a push begins after a CHECKPOINT, when PostgreSQL writes each page that it touches into its log as a
whole: the dear end of what a batch costs. The yardstick copies a thousand rows at a time into the same table.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from benchmarks.place import BATCH, RECOMMENDED, Place, api_server, counted, fetch, make_place, note, raw_copy
from benchmarks.stock import Stock, stored_sha
from benchmarks.timing import Ask, Times, ask_all
from tgl_protocol.commits import MissingRequest
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.settings import Settings
from tgl_server.verify.service import find_faults

#: Figures by their names, in the order measured.
Figures = dict[str, str]


def main() -> None:
    """Print a table: a row for each figure, a column for each size."""
    parser = argparse.ArgumentParser(prog="just bench-growth", description=main.__doc__)
    parser.add_argument("--at", nargs="+", type=float, default=[0, 1, 5, 10], metavar="MILLIONS")
    parser.add_argument("--batches", type=int, default=100, help="of a thousand commits, for each figure")
    parser.add_argument(
        "--recommended", type=float, metavar="MILLIONS", help="a size to measure with other settings too"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place, columns = make_place(Path(folder)), {}
        for millions in sorted(given.at):
            columns[f"{millions:g} million"] = measure_at(place, millions, given.batches, {})
            if millions == given.recommended:
                title = f"{millions:g} million, recommended"
                columns[title] = measure_at(place, millions, given.batches, RECOMMENDED)
    print_table(columns)


def measure_at(place: Place, millions: float, batches: int, settings: Mapping[str, str]) -> Figures:
    """Measure all figures at a size, with the embedded server's settings or others."""
    place.fill(millions)
    started = time.perf_counter()
    with place.served(settings) as postgres:
        figures = _sizes(postgres) | _pushes(place, postgres, batches) | _questions(place, postgres)
        figures["verify, s"] = asyncio.run(_verify(postgres))
    note(f"measured in {time.perf_counter() - started:.0f} s")
    return figures


def _pushes(place: Place, postgres: EmbeddedPostgres, batches: int) -> Figures:
    found: Figures = {}
    one, four, raw = (place.fresh_commits(batches * BATCH) for _ in range(3))
    with counted(postgres) as counts:
        new = place.push(postgres, one, 1)
    found |= _times("new, 1 connection", new) | _per_commit(counts, len(one))
    found |= _times("replayed, 1 connection", place.push(postgres, one, 1))
    found |= _times("new, 4 connections", place.push(postgres, four, 4))
    yardstick = raw_copy(postgres, place.world, raw)
    found |= _times("raw COPY into `commits`", yardstick)
    found["new over HTTP, 1 connection, by raw COPY"] = f"{yardstick.seconds / new.seconds:.2f}"
    return found


def _questions(place: Place, postgres: EmbeddedPostgres) -> Figures:
    world, stock = place.world, place.stock
    missing = f"{world.sync_path}/missing"
    page = world.sync_path.replace("/sync/", "/") + "/commits"
    asked = {
        "status": [Ask(f"{world.sync_path}/status")] * 200,
        "missing, 1000 shas": [Ask(missing, _half_stored(stock, 1000, seed)) for seed in range(50)],
        "missing, 20,000 shas": [Ask(missing, _half_stored(stock, 20_000, -seed)) for seed in range(1, 11)],
        "first page of commits": [Ask(page)] * 100,
        "first page of an author's": [Ask(f"{page}?author=developer{n}@example.com") for n in range(100)],
    }
    found: Figures = {}
    with api_server(postgres) as server:
        for name, asks in asked.items():
            times = asyncio.run(ask_all(server, world, asks))
            found |= {f"{name}, p50 ms": f"{times.median:.1f}", f"{name}, p99 ms": f"{times.p99:.1f}"}
    return found


def _half_stored(stock: Stock, count: int, seed: int) -> bytes:
    rng = random.Random(seed)
    known = [stored_sha(2 * rng.randrange(stock.made // 2 or 1)) for _ in range(count // 2)]
    unknown = [rng.randbytes(20).hex() for _ in range(count - len(known))]
    return msgspec.json.encode(MissingRequest(known + unknown))


def _per_commit(counts: Mapping[str, int], commits: int) -> Figures:
    """The figures of log and cache, from what `counted` found."""
    heap, index = (
        counts[f"{what}_hits"] / max(1, counts[f"{what}_hits"] + counts[f"{what}_reads"]) for what in ("table", "index")
    )
    return {
        "log (WAL), bytes a commit": f"{counts['wal'] / commits:,.0f}",
        "whole pages in the log, a commit": f"{counts['pages'] / commits:.2f}",
        "found in shared_buffers, table": f"{heap:.2%}",
        "found in shared_buffers, indexes": f"{index:.2%}",
    }


_SIZES = """
    SELECT c.relname AS name, pg_relation_size(c.oid) AS bytes, (SELECT count(*) FROM commits) AS rows
    FROM pg_class c JOIN (
        SELECT 'commits'::regclass AS oid UNION ALL
        SELECT indexrelid FROM pg_index WHERE indrelid = 'commits'::regclass
    ) own USING (oid)
    ORDER BY c.relkind DESC, c.relname
"""


def _sizes(postgres: EmbeddedPostgres) -> Figures:
    rows = fetch(postgres, _SIZES)
    found = {"table and indexes, GB": f"{sum(row['bytes'] for row in rows) / 1e9:.2f}"}
    return found | {f"`{row['name']}`, bytes a commit": _share(row["bytes"], row["rows"]) for row in rows}


def _share(bytes_: int, rows: int) -> str:
    return f"{bytes_ / rows:.0f}" if rows else "-"


async def _verify(postgres: EmbeddedPostgres) -> str:
    database = Database(Settings(database_url=postgres.dsn))
    started = time.perf_counter()
    await find_faults(database, timedelta(minutes=15), FOLLOWERS)
    await database.close()
    return f"{time.perf_counter() - started:.2f}"


def _times(name: str, times: Times) -> Figures:
    return {
        f"{name}, commits/s": f"{len(times.milliseconds) * BATCH / times.seconds:,.0f}",
        f"{name}, p50 ms": f"{times.median:.1f}",
        f"{name}, p99 ms": f"{times.p99:.1f}",
        f"{name}, processor ms a batch, PostgreSQL": f"{times.postgres_cpu:.1f}",
    } | ({f"{name}, processor ms a batch, server": f"{times.server_cpu:.1f}"} if times.server_cpu else {})


def print_table(columns: Mapping[str, Figures]) -> None:
    """Print the figures as a table in Markdown."""
    names = list(columns)
    print("| | " + " | ".join(names) + " |")
    print("|---|" + "---:|" * len(names))
    for figure in columns[names[0]]:
        print(f"| {figure} | " + " | ".join(columns[name][figure] for name in names) + " |")


if __name__ == "__main__":
    main()
