"""An attack with thousands of wrong API keys, and its effect on an honest client.

The attacker is a process of its own with an address for each request, as the limit per address would end the
attack at once: this measures what stands behind that limit. Half of the keys have a prefix that nobody has, half
the prefix of the honest client's own key, with a wrong secret. Loopback only; everything ends after `--seconds`.
"""

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil
import typer

from tests.support.servers import RunningServer, running_server
from tests.support.world import World, make_world
from tgl_protocol.keys import checksum, generate_api_key
from tgl_server.db import migrate
from tgl_server.db.embedded import embedded_postgres

# As a server has them by default; the tests' servers hash faster.
ARGON2 = {"argon2_time_cost": 2, "argon2_memory_kib": 19 * 1024}


@dataclass
class Outcome:
    """The outcome of some requests: times in milliseconds, and the number of each status."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.milliseconds, n=100)[percent - 1]


def main(seconds: float = 10.0, rate: int = 1000) -> None:
    """Print how long an honest client waits without and during the attack."""
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "pg") as postgres:
        migrate.upgrade(postgres.dsn)
        world = asyncio.run(make_world(postgres.dsn))
        settings = {**ARGON2, "trusted_proxies": "127.0.0.1", "log_format": "json"}
        with running_server(database_url=postgres.dsn, workers=1, **settings) as server:
            _report("alone", asyncio.run(honest_client(server, world, seconds / 2)), server)
            with attack(server, world, seconds, rate) as wrong_keys:
                _report("attacked", asyncio.run(honest_client(server, world, seconds)), server)
            print("attacker: ", dict(wrong_keys.result()))


@contextmanager
def attack(server: RunningServer, world: World, seconds: float, rate: int) -> Iterator[Future[Counter[int]]]:
    """Send wrong keys at a rate from a process of its own; the statuses of their answers."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as attacker:
        attacker.submit(int).result()  # it has started
        yield attacker.submit(send_wrong_keys, f"{server.url}{world.sync_path}/status", world.key[:12], seconds, rate)


def send_wrong_keys(url: str, prefix: str, seconds: float, rate: int) -> Counter[int]:
    return asyncio.run(_send_wrong_keys(url, prefix, seconds, rate))


async def honest_client(server: RunningServer, world: World, seconds: float) -> Outcome:
    """Asks for the status 20 times a second, with a key that the server has verified before."""
    outcome, ends = Outcome(), time.monotonic() + seconds
    headers = {"Authorization": f"Bearer {world.key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        while time.monotonic() < ends:
            started = time.perf_counter()
            async with session.get(f"{server.url}{world.sync_path}/status") as answer:
                await answer.read()
                outcome.statuses[answer.status] += 1
            outcome.milliseconds.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.05)
    return outcome


async def _send_wrong_keys(url: str, prefix: str, seconds: float, rate: int) -> Counter[int]:
    """Send wrong keys when they are due, without waiting for answers, as an attacker does."""
    statuses: Counter[int] = Counter()
    sent = 0
    tokens = [generate_api_key().full_key if n % 2 else wrong_secret(prefix) for n in range(5000)]
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=500)) as session,
        asyncio.TaskGroup() as group,
    ):
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            for number in range(sent, int(passed * rate)):
                group.create_task(_send(session, url, tokens[number % len(tokens)], number, statuses))
                sent = number + 1
            await asyncio.sleep(0.005)
    return statuses


async def _send(session: aiohttp.ClientSession, url: str, token: str, number: int, statuses: Counter[int]) -> None:
    address = f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    try:
        async with session.get(url, headers=headers) as answer:
            statuses[answer.status] += 1
    except aiohttp.ClientError:
        statuses[0] += 1


def wrong_secret(prefix: str) -> str:
    """A well-formed key with this prefix that is not the one."""
    body = f"{prefix}_{generate_api_key().full_key[13:-6]}"
    return body + checksum(body)


def memory_mb(server: RunningServer) -> int:
    """The memory of the server's processes together, in MB."""
    process = psutil.Process(server.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) // 2**20


def _report(name: str, outcome: Outcome, server: RunningServer) -> None:
    p50, p99 = outcome.percentile(50), outcome.percentile(99)
    print(
        f"{name + ':':10} {len(outcome.milliseconds):4} status requests {dict(outcome.statuses)}, "
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, server's memory {memory_mb(server)} MB",
        flush=True,
    )


if __name__ == "__main__":
    typer.run(main)
