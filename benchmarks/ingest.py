"""Ingestion over HTTP against raw binary COPY of the same rows, in one run on one machine.

Everything is on that a server has: API key, rate limiter (raised), audit, runs, metrics, access log. A cell pushes
its slice of commits, in bodies that were made beforehand, as new ones and then again. Before and after each slice
the yardstick copies 5,000 of the same rows into the same table, 1000 in a COPY and a transaction, over one
connection. A cell's ratio is to the two yardsticks beside it, so that a machine that drifts takes both along.

The client is `benchmarks.wire` on uvloop: aiohttp took 0.6 ms more of processor time a request, on the cores that
server and database need as well; at 4 connections that was 6% of the rate by 1000 and 15% by 100.
"""

import asyncio
import gc
import statistics
import time
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
import msgspec
import typer
import uvloop

from benchmarks.commits import COLUMNS, Row, commit_row, synthetic_commits
from benchmarks.harness import Stage, add_repos, staged
from benchmarks.wire import Answer, Connection, chunked, connected
from tgl_protocol.commits import Commit, PushBatch
from tgl_protocol.http import JSON_MEDIA_TYPE, NDJSON_MEDIA_TYPE, RUN_ID_HEADER

MSGPACK_MEDIA_TYPE = "application/msgpack"
FORMS = {JSON_MEDIA_TYPE: "JSON", MSGPACK_MEDIA_TYPE: "MessagePack", NDJSON_MEDIA_TYPE: "stream"}
CONNECTIONS = (1, 4)
YARDSTICK = 5000


class Cell(NamedTuple):
    """A way to push: `size` commits in a batch; a stream has none."""

    media_type: str
    size: int | None
    connections: int

    def __str__(self) -> str:
        by = f" by {self.size}" if self.size else ""
        return f"{FORMS[self.media_type]}{by}, {self.connections} connection{'s' if self.connections > 1 else ''}"

    @property
    def repo(self) -> str:
        return f"{FORMS[self.media_type]}-{self.size}-{self.connections}".lower()

    def commits(self, batches: int) -> int:
        """Of a slice. Small batches take longer, and a stream is for many."""
        thousands = {None: 2 * batches, 1000: batches, 100: -(-batches // 2)}
        return 1000 * thousands[self.size]


CELLS = [
    *(
        Cell(form, size, n)
        for form in (JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE)
        for size in (1000, 100)
        for n in CONNECTIONS
    ),
    *(Cell(NDJSON_MEDIA_TYPE, None, n) for n in CONNECTIONS),
]


@dataclass
class Found:
    """Of one line of the table, a value for each round."""

    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


@dataclass
class Bench:
    stage: Stage
    connections: list[Connection]
    yardstick: asyncpg.Connection
    found: dict[str, Found] = field(default_factory=dict)
    copied: list[float] = field(default_factory=list)

    def note(self, line: str, rate: float, copied: float) -> None:
        found = self.found.setdefault(line, Found())
        found.rates.append(rate)
        found.ratios.append(rate / copied)
        self.copied.append(copied)


def main(batches: int = 8, rounds: int = 12, only: str = "") -> None:
    """Print commits per second, and ratios to the yardstick, of the cells whose name has `--only` in it."""
    cells = [cell for cell in CELLS if only.lower() in str(cell).lower()]
    with staged() as stage:
        uvloop.run(_measure(stage, cells, batches, rounds))


async def _measure(stage: Stage, cells: list[Cell], batches: int, rounds: int) -> None:
    yardstick = await asyncpg.connect(stage.postgres.libpq_dsn)
    async with connected(stage.server.url, max(CONNECTIONS)) as opened:
        bench = Bench(stage, opened, yardstick)
        cells = await _offered(bench, cells)
        twins = await add_repos(stage, [cell.repo for cell in cells])
        gc.disable()  # the rows of a round are many objects, and none of them is in a cycle
        for round_ in range(rounds + 1):
            await _round(bench, cells, twins, batches, round_)
            if not round_:  # it warmed up
                bench.found.clear()
                bench.copied.clear()
    await yardstick.close()
    _print(bench, rounds)


async def _offered(bench: Bench, cells: list[Cell]) -> list[Cell]:
    answer = await bench.connections[0].send("GET", "/api/v1/capabilities", {})
    media_types = msgspec.json.decode(answer.body)["media_types"]
    missing = {cell.media_type for cell in cells} - set(media_types)
    if missing:
        print("left out, as this server does not take it:", *missing)
    return [cell for cell in cells if cell.media_type not in missing]


async def _round(bench: Bench, cells: list[Cell], repos: dict[str, UUID], batches: int, round_: int) -> None:
    """Each cell in turn, with the same commits for all of them, in a repository of its own."""
    commits = synthetic_commits(max([3 * YARDSTICK, *(cell.commits(batches) for cell in cells)]), round_)
    rows = [commit_row(commit) for commit in commits[: 3 * YARDSTICK]]
    for cell in cells:
        # The yardstick's repository, which grows as the cell's does.
        twin = UUID(int=repos[cell.repo].int ^ 1)
        slices = [[(twin, *row) for row in rows[n * YARDSTICK : (n + 1) * YARDSTICK]] for n in range(3)]
        await _compare(bench, cell, _requests(cell, commits[: cell.commits(batches)]), slices)


async def _compare(bench: Bench, cell: Cell, requests: list[bytes], slices: list[list[Row]]) -> None:
    before = await _copy(bench.yardstick, slices[0])
    for line, rows in (("new", slices[1]), ("replayed", slices[2])):
        rate = await _push(bench, cell, requests)
        after = await _copy(bench.yardstick, rows)
        bench.note(f"{cell}, {line}", rate, statistics.harmonic_mean([before, after]))
        before = after


def _requests(cell: Cell, commits: list[Commit]) -> list[bytes]:
    """Bodies as they travel; of a stream one for each connection."""
    if cell.size is None:
        pieces = [b"".join(map(_line, commits[start : start + 1000])) for start in range(0, len(commits), 1000)]
        return [chunked(pieces[n :: cell.connections]) for n in range(cell.connections)]
    encode = msgspec.json.encode if cell.media_type == JSON_MEDIA_TYPE else msgspec.msgpack.encode
    starts = range(0, len(commits), cell.size)
    return [encode(PushBatch(commits[start : start + cell.size], "bench")) for start in starts]


def _line(commit: Commit) -> bytes:
    return msgspec.json.encode(commit) + b"\n"


async def _copy(connection: asyncpg.Connection, rows: list[Row]) -> float:
    """Rows a second, ready as Python values; each thousand is a transaction of its own."""
    started = time.perf_counter()
    for start in range(0, len(rows), 1000):
        records = rows[start : start + 1000]
        await connection.copy_records_to_table("commits", records=records, columns=("repo_id", *COLUMNS))
    return len(rows) / (time.perf_counter() - started)


async def _push(bench: Bench, cell: Cell, requests: list[bytes]) -> float:
    """Commits a second, all answered."""
    path = f"{bench.stage.sync_path(cell.repo)}/{'commits' if cell.size else 'commits/stream'}"
    headers = {
        "Authorization": f"Bearer {bench.stage.world.key}",
        "Content-Type": cell.media_type,
        RUN_ID_HEADER: str(uuid4()),
        **({} if cell.size else {"Transfer-Encoding": "chunked"}),
    }
    waiting = iter(requests)

    async def push(connection: Connection) -> list[Answer]:
        return [await connection.send("POST", path, headers, body) for body in waiting]

    started = time.perf_counter()
    answers = await asyncio.gather(*map(push, bench.connections[: cell.connections]))
    seconds = time.perf_counter() - started
    return sum(map(_total, chain.from_iterable(answers))) / seconds


def _total(answer: Answer) -> int:
    assert answer.status == 201, answer.body
    total: int = msgspec.json.decode(answer.body)["total"]
    return total


def _print(bench: Bench, rounds: int) -> None:
    print(f"medians of {rounds} rounds, and the quartiles of the ratio\n")
    print(f"{'':46}commits/s   x COPY")
    print(f"{'raw COPY by 1000, 1 connection':45}{statistics.median(bench.copied):10,.0f}")
    for line, each in bench.found.items():
        low, middle, high = statistics.quantiles(each.ratios, n=4)
        print(f"{line:45}{statistics.median(each.rates):10,.0f}   {middle:6.2f}   ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    typer.run(main)
