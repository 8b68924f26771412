"""Many clients at once, each with a key of its own: their answers, times and fairness.

Every client sends one request after the other without a pause: pushes of 100 to 1000 commits, new and known ones,
look-ups of missing shas, and status. Half of them share a repository with four others, and push the same history.
No key was used before, so the first second is a crowd of keys to verify. A client that is told to come back waits
as `tgl` does, and that answer is counted too.
"""

import asyncio
import contextlib
import itertools
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import typer
import uvloop

from benchmarks.commits import synthetic_commits
from benchmarks.harness import ARGON2, PeakMemory, Stage, add_keys, add_repos, percentile, staged, worker_of
from benchmarks.wire import Answer, Connection
from tgl_client.http.retry import next_delay
from tgl_protocol.commits import Commit, MissingRequest, PushBatch
from tgl_protocol.http import JSON_MEDIA_TYPE

SHARING = 5
BATCHES = 200
SMALLEST, LARGEST = 100, 1000
WEIGHTS = {"push, new": 35, "push, known": 15, "missing": 25, "status": 25}


class Batch(NamedTuple):
    """A batch of commits, as a push and as a question."""

    commits: int
    push: bytes
    missing: bytes


@dataclass
class Tally:
    """The clients' results: milliseconds by kind of request, counts by the number of the client.

    `first` is of each client's first request, whose key had to be verified, with all its tries.
    """

    milliseconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    first: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    requests: Counter[int] = field(default_factory=Counter)
    commits: Counter[int] = field(default_factory=Counter)


@dataclass
class Client:
    number: int
    key: str
    url: str
    path: str
    batches: list[Batch]
    tally: Tally
    pushed: int = 0
    _connection: Connection | None = None

    async def work(self, ends: float) -> None:
        """Send requests until a time; the last one is finished."""
        chance = random.Random(self.number)
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        while time.monotonic() < ends:
            await self._act(chance.choices(kinds, weights)[0], chance)

    async def _act(self, kind: str, chance: random.Random) -> None:
        if kind == "push, known" and not self.pushed:
            kind = "push, new"
        if kind == "status":
            await self._ask(kind, "GET", "status", b"")
        elif kind == "missing":
            await self._ask(kind, "POST", "missing", chance.choice(self.batches).missing)
        elif kind == "push, known":
            batch = self.batches[chance.randrange(self.pushed) % len(self.batches)]
            await self._push(kind, batch)
        else:
            self.pushed += 1
            await self._push(kind, self.batches[(self.pushed - 1) % len(self.batches)])

    async def _push(self, kind: str, batch: Batch) -> None:
        await self._ask(kind, "POST", "commits", batch.push)
        self.tally.commits[self.number] += batch.commits

    async def _ask(self, kind: str, method: str, what: str, body: bytes) -> None:
        """Send a request until the server no longer asks to come back."""
        begun = time.perf_counter()
        for tries in itertools.count(1):
            started = time.perf_counter()
            answer = await self._send(method, what, body)
            if answer.status < 500 and answer.status != 429:
                break
            self.tally.refusals[msgspec.json.decode(answer.body)["detail"]] += 1
            await asyncio.sleep(next_delay(tries, random.random(), float(answer.header("retry-after") or 0)))
        if self.tally.requests[self.number]:
            self.tally.milliseconds[kind].append((time.perf_counter() - started) * 1000)
        else:
            self.tally.first.append((time.perf_counter() - begun) * 1000)
        self.tally.requests[self.number] += 1

    async def _send(self, method: str, what: str, body: bytes) -> Answer:
        """Send a request once; a cut connection counts as status 0, and is made again."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": JSON_MEDIA_TYPE}
        while True:
            if self._connection is None or self._connection.transport.is_closing():
                self._connection = await Connection.open(self.url)
            with contextlib.suppress(OSError):
                answer = await self._connection.send(method, f"{self.path}/{what}", headers, body)
                self.tally.statuses[answer.status] += 1
                return answer
            self.tally.statuses[0] += 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.transport.close()


def main(clients: int = 200, seconds: float = 60.0) -> None:
    """Print statuses, times and fairness."""
    with staged(**ARGON2) as stage:
        keys = asyncio.run(add_keys(stage, clients))
        with PeakMemory(worker_of(stage.server)) as peak:
            tally = uvloop.run(_measure(stage, keys, seconds))
        _print(tally, clients, seconds)
        print(f"the worker's memory: {peak}")


async def _measure(stage: Stage, keys: Sequence[str], seconds: float) -> Tally:
    tally, batches = Tally(), _batches()
    repos = [_repo_of(number, len(keys)) for number in range(len(keys))]
    await add_repos(stage, sorted(set(repos)))
    clients = [
        Client(number, key, stage.server.url, stage.sync_path(repo), batches, tally)
        for number, (key, repo) in enumerate(zip(keys, repos, strict=True))
    ]
    ends = time.monotonic() + seconds
    await asyncio.gather(*(client.work(ends) for client in clients))
    for client in clients:
        client.close()
    return tally


def _repo_of(number: int, clients: int) -> str:
    return f"own-{number}" if number < clients // 2 else f"shared-{number // SHARING}"


def _batches() -> list[Batch]:
    chance = random.Random(0)
    sizes = [chance.randint(SMALLEST, LARGEST) for _ in range(BATCHES)]
    waiting = iter(synthetic_commits(sum(sizes), 0))
    return [_batch([next(waiting) for _ in range(size)]) for size in sizes]


def _batch(commits: list[Commit]) -> Batch:
    asked = MissingRequest([commit.sha for commit in commits])
    return Batch(len(commits), msgspec.json.encode(PushBatch(commits, "bench")), msgspec.json.encode(asked))


def _print(tally: Tally, clients: int, seconds: float) -> None:
    total, commits = sum(tally.requests.values()), sum(tally.commits.values())
    print(f"{clients} clients, {seconds:.0f} s: {total / seconds:,.0f} requests/s, {commits / seconds:,.0f} commits/s")
    print("answers by status:", ", ".join(f"{count} x {status}" for status, count in sorted(tally.statuses.items())))
    for detail, count in tally.refusals.items():
        print(f"  {count} x {detail}")
    for kind, times in {"first answer": tally.first, **dict(sorted(tally.milliseconds.items()))}.items():
        p50, p99 = percentile(times, 50), percentile(times, 99)
        print(f"{kind:14} {len(times):6}   p50 {p50:6.0f} ms   p99 {p99:6.0f} ms   longest {max(times):6.0f} ms")
    for what, by_client in {"requests": tally.requests, "commits": tally.commits}.items():
        _print_fairness(what, [by_client[number] for number in range(clients)])


def _print_fairness(what: str, shares: Sequence[int]) -> None:
    """Jain's index: 1 when all got the same, 1/n when one got everything."""
    jain = sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))
    print(
        f"{what} of a key: least {min(shares)}, median {statistics.median(shares):.0f}, most {max(shares)}; "
        f"Jain's index {jain:.3f}"
    )


if __name__ == "__main__":
    typer.run(main)
