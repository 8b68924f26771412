"""A worker's private memory (USS) over thousands of batches and over one long stream: it must be flat.

The batches are pushed over four connections, each as new commits: the same hundred bodies into one repository after
the other. The stream is made while it is sent. What is allocated once is in the first half.
"""

import asyncio
import statistics
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec
import psutil
import typer
import uvloop

from benchmarks.commits import synthetic_commits
from benchmarks.harness import PeakMemory, Stage, add_repos, private_mb, staged, worker_of
from benchmarks.wire import Connection, connected
from tgl_protocol.commits import PushBatch
from tgl_protocol.http import JSON_MEDIA_TYPE, NDJSON_MEDIA_TYPE, RUN_ID_HEADER

CONNECTIONS = 4
BODIES = 100
STREAM_STEP = 25_000


@dataclass
class Series:
    """The memory in MB, by thousands of commits."""

    worker: psutil.Process
    thousands: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def look(self, commits: int) -> None:
        self.thousands.append(commits / 1000)
        self.megabytes.append(private_mb(self.worker))
        print(f"{commits:10,} commits {self.megabytes[-1]:7.1f} MB", flush=True)

    def second_half(self) -> str:
        """The slope of the second half in MB per million commits, and its range."""
        half = len(self.thousands) // 2
        slope = statistics.linear_regression(self.thousands[half:], self.megabytes[half:]).slope * 1000
        within = self.megabytes[half:]
        return f"second half: {slope:+.1f} MB for a million commits, {min(within):.1f} to {max(within):.1f} MB"


Push = Callable[[Stage, int, Series], Coroutine[Any, Any, None]]


def main(batches: int = 2000, stream: int = 500_000) -> None:
    """Print memory as it goes, its slope and its peak; 0 leaves one out."""
    with staged() as stage:
        if batches:
            _report(stage, f"{batches:,} batches of 1000", _push_batches, batches)
        if stream:
            _report(stage, f"one stream of {stream:,} commits", _push_stream, stream)


def _report(stage: Stage, title: str, push: Push, count: int) -> None:
    series = Series(worker_of(stage.server))
    print(title)
    with PeakMemory(series.worker) as peak:
        uvloop.run(push(stage, count, series))
    print(f"{series.second_half()}; {peak}\n")


async def _push_batches(stage: Stage, batches: int, series: Series) -> None:
    commits = synthetic_commits(BODIES * 1000, 0)
    starts = range(0, len(commits), 1000)
    bodies = [msgspec.json.encode(PushBatch(commits[start : start + 1000], "bench")) for start in starts]
    repos = [f"batches-{n}" for n in range(-(-batches // BODIES))]
    await add_repos(stage, repos)
    series.look(0)
    async with connected(stage.server.url, CONNECTIONS) as opened:
        for done, repo in enumerate(repos, start=1):
            waiting = iter(bodies)
            path, headers = f"{stage.sync_path(repo)}/commits", _headers(stage, JSON_MEDIA_TYPE)
            await asyncio.gather(*(_push_all(connection, path, headers, waiting) for connection in opened))
            series.look(done * len(commits))


async def _push_all(connection: Connection, path: str, headers: dict[str, str], waiting: Iterator[bytes]) -> None:
    for body in waiting:
        answer = await connection.send("POST", path, headers, body)
        assert answer.status == 201, answer.body


async def _push_stream(stage: Stage, commits: int, series: Series) -> None:
    await add_repos(stage, ["stream"])
    async with connected(stage.server.url, 1) as opened:
        pieces = _pieces(commits, series)
        path, headers = f"{stage.sync_path('stream')}/commits/stream", _headers(stage, NDJSON_MEDIA_TYPE)
        answer = await opened[0].stream(path, headers, pieces)
    assert answer.status == 201, answer.body
    assert msgspec.json.decode(answer.body)["inserted"] == commits


def _pieces(commits: int, series: Series) -> Iterator[bytes]:
    """Pieces of a thousand lines; the memory is noted whenever the next one is needed."""
    for start in range(0, commits, 1000):
        if start % STREAM_STEP == 0:
            series.look(start)
        lines = map(msgspec.json.encode, synthetic_commits(min(1000, commits - start), start))
        yield b"\n".join(lines) + b"\n"
    series.look(commits)


def _headers(stage: Stage, media_type: str) -> dict[str, str]:
    key = f"Bearer {stage.world.key}"
    return {"Authorization": key, "Content-Type": media_type, RUN_ID_HEADER: str(uuid4())}


if __name__ == "__main__":
    typer.run(main)
