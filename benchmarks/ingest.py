"""Ingestion over HTTP against raw binary COPY of the same rows, in one run on one machine.

Everything is on that a server has: API key, rate limiter (raised), audit, runs, metrics, access log. A cell pushes
its slice of commits, in bodies that were made beforehand, as new ones and then again. Before and after each slice
the yardstick copies 5,000 of the same rows into the same table, 1000 in a COPY and a transaction, over one
connection. A cell's ratio is to the two yardsticks beside it, so that a machine that drifts takes both along.

The followers of the ingest log are paused meanwhile. At the end they catch up with a repository of its own, and what
that takes of processor time is printed beside what storing took.

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
from sqlalchemy import text

from benchmarks.commits import COLUMNS, Row, commit_row, synthetic_commits
from benchmarks.harness import Stage, add_repos, staged
from benchmarks.timing import cpu_ms
from benchmarks.wire import Answer, Connection, chunked, connected
from tgl_protocol.commits import Commit, PushBatch
from tgl_protocol.http import JSON_MEDIA_TYPE, NDJSON_MEDIA_TYPE, RUN_ID_HEADER
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.follower import Follower
from tgl_server.followers.runner import catch_up
from tgl_server.settings import Settings

MSGPACK_MEDIA_TYPE = "application/msgpack"
FORMS = {JSON_MEDIA_TYPE: "JSON", MSGPACK_MEDIA_TYPE: "MessagePack", NDJSON_MEDIA_TYPE: "stream"}
CONNECTIONS = (1, 4)
YARDSTICK = 5000
FOLLOWED = "followed"
FOLLOWED_BATCHES = 30
SKIP_OTHERS = """
    UPDATE follower_marks m SET seq = s.ingest_seq FROM repo_states s JOIN repos r ON r.id = s.repo_id
    WHERE s.repo_id = m.repo_id AND m.follower = :follower AND r.name <> :repo
"""


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
        """The number of commits in a slice: fewer for small batches, which take longer, and more for a stream."""
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
    """The measurements of one line of the table, a value for each round."""

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
    with staged(follower_pause_ms=0) as stage:
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
        _print(bench, rounds)
        await _print_followers(bench)
    await yardstick.close()


async def _print_followers(bench: Bench) -> None:
    """Print the processor time for a thousand commits in milliseconds: to store them, and to follow."""
    cell = Cell(JSON_MEDIA_TYPE, 1000, 1)
    await add_repos(bench.stage, [FOLLOWED])
    commits = synthetic_commits(1000 * FOLLOWED_BATCHES, 0)
    server, postgres = bench.stage.server.pid, bench.stage.postgres.postmaster_pid
    before = cpu_ms(server), cpu_ms(postgres)
    await _push(bench, cell, _requests(cell, commits), FOLLOWED)
    stored = cpu_ms(server) - before[0], cpu_ms(postgres) - before[1]
    print(f"\nprocessor ms for 1000 commits, {FOLLOWED_BATCHES} batches")
    print(f"{'storing':45}{sum(stored) / FOLLOWED_BATCHES:10.1f}   (server {stored[0] / FOLLOWED_BATCHES:.1f})")
    for follower in FOLLOWERS:
        used = await _follow(bench, follower)
        print(f"{'following: ' + follower.name:45}{used / FOLLOWED_BATCHES:10.1f}")


async def _follow(bench: Bench, follower: Follower) -> float:
    """Run the followers in this process, as a server would, after they have followed all earlier cells."""
    database = Database(Settings(database_url=bench.stage.postgres.dsn))
    async with database.transaction() as tx:
        await tx.execute(text(SKIP_OTHERS), {"follower": follower.name, "repo": FOLLOWED})
    postgres = bench.stage.postgres.postmaster_pid
    before = time.process_time() * 1000 + cpu_ms(postgres)
    await catch_up(database, [follower])
    used = time.process_time() * 1000 + cpu_ms(postgres) - before
    await database.close()
    return used


async def _offered(bench: Bench, cells: list[Cell]) -> list[Cell]:
    answer = await bench.connections[0].send("GET", "/api/v1/capabilities", {})
    media_types = msgspec.json.decode(answer.body)["media_types"]
    missing = {cell.media_type for cell in cells} - set(media_types)
    if missing:
        print("left out, as this server does not take it:", *missing)
    return [cell for cell in cells if cell.media_type not in missing]


async def _round(bench: Bench, cells: list[Cell], repos: dict[str, UUID], batches: int, round_: int) -> None:
    """Run each cell in turn, with the same commits, in a repository of its own."""
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
    """The bodies as they are sent; for a stream one for each connection."""
    if cell.size is None:
        pieces = [b"".join(map(_line, commits[start : start + 1000])) for start in range(0, len(commits), 1000)]
        return [chunked(pieces[n :: cell.connections]) for n in range(cell.connections)]
    encode = msgspec.json.encode if cell.media_type == JSON_MEDIA_TYPE else msgspec.msgpack.encode
    starts = range(0, len(commits), cell.size)
    return [encode(PushBatch(commits[start : start + cell.size], "bench")) for start in starts]


def _line(commit: Commit) -> bytes:
    return msgspec.json.encode(commit) + b"\n"


async def _copy(connection: asyncpg.Connection, rows: list[Row]) -> float:
    """Copy rows that are ready as Python values, a thousand per transaction; the rows per second."""
    started = time.perf_counter()
    for start in range(0, len(rows), 1000):
        records = rows[start : start + 1000]
        await connection.copy_records_to_table("commits", records=records, columns=("repo_id", *COLUMNS))
    return len(rows) / (time.perf_counter() - started)


async def _push(bench: Bench, cell: Cell, requests: list[bytes], repo: str = "") -> float:
    """Push until all is answered; the commits per second."""
    path = f"{bench.stage.sync_path(repo or cell.repo)}/{'commits' if cell.size else 'commits/stream'}"
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
