"""Requests to a running server, with their times."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import psutil

from tests.support.servers import RunningServer
from tests.support.world import World


@dataclass(frozen=True)
class Ask:
    """One request; `path` is below the server's address."""

    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Times:
    """The times of some requests: milliseconds of each, seconds for all, and processor time in ms per request.

    On a machine that others use too, processor time says more about the work than the clock does.
    """

    milliseconds: list[float]
    seconds: float
    server_cpu: float = 0.0
    postgres_cpu: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p99(self) -> float:
        """The 99th percentile; of fewer than a hundred requests the longest."""
        return sorted(self.milliseconds)[int(len(self.milliseconds) * 0.99)]


async def ask_all(server: RunningServer, world: World, asks: Sequence[Ask], connections: int = 1) -> Times:
    """Send all requests over some connections; an answer that is an error ends the program."""
    times = Times([], 0.0)
    waiting = iter(asks)
    headers = {"Authorization": f"Bearer {world.key}"}
    async with aiohttp.ClientSession(server.url, headers=headers) as session:
        await _ask(session, Ask(f"{world.sync_path}/status"))  # connects, and has the key verified
        started = time.perf_counter()

        async def work() -> None:
            for ask in waiting:
                times.milliseconds.append(await _ask(session, ask))

        await asyncio.gather(*(work() for _ in range(connections)))
        times.seconds = time.perf_counter() - started
    return times


def cpu_ms(pid: int) -> float:
    """Milliseconds of processor time that a process and all its descendants have used, ended ones included."""
    process = psutil.Process(pid)
    found = 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            found += sum(each.cpu_times()[:4])  # user, system, and both of children that have ended
    return found * 1000


async def _ask(session: aiohttp.ClientSession, ask: Ask) -> float:
    """Send a request; its milliseconds."""
    method = "GET" if ask.body is None else "POST"
    kind = {"Content-Type": "application/json"} if ask.body else {}
    started = time.perf_counter()
    async with session.request(method, ask.path, data=ask.body, headers=kind | ask.headers) as answer:
        text = await answer.read()
    taken = (time.perf_counter() - started) * 1000
    if not answer.ok:
        raise SystemExit(f"{method} {ask.path} answered {answer.status}: {text[:500]!r}")
    return taken
