"""PostgreSQL's settings, one at a time against the embedded server's own, and all that are recommended together."""

import statistics
from dataclasses import dataclass, field

from benchmarks.choices.tables import Row, print_rows
from benchmarks.place import BATCH, RECOMMENDED, Place, counted
from benchmarks.timing import Times

_BASE = "as embedded"
_VARIANTS = {
    _BASE: {},
    "shared_buffers 2GB": {"shared_buffers": "2GB"},
    # As few checkpoints or as many as a run of this length shows; see the last column.
    "max_wal_size 96MB": {"max_wal_size": "96MB"},
    "max_wal_size 8GB": {"max_wal_size": "8GB"},
    "wal_compression on (pglz)": {"wal_compression": "on"},
    "wal_buffers 16MB": {"wal_buffers": "16MB"},
    "wal_level replica": {"wal_level": "replica", "max_wal_senders": "10"},
    "commit_delay 1000, commit_siblings 2": {"commit_delay": "1000", "commit_siblings": "2"},
    "synchronous_commit off": {"synchronous_commit": "off"},
    "full_page_writes off": {"full_page_writes": "off"},
    "recommended": RECOMMENDED,
}


@dataclass
class _Found:
    """The measurements of one variant, a value for each round."""

    rates: list[float] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)
    wal: list[float] = field(default_factory=list)
    checkpoints: list[int] = field(default_factory=list)


def compare_settings(place: Place, batches: int, rounds: int) -> None:
    """Push new commits over four connections; a round has each variant once, with a PostgreSQL started for it."""
    found = {name: _Found() for name in _VARIANTS}
    for _ in range(rounds):
        for name, settings in _VARIANTS.items():
            _measure(place, settings, batches, found[name])
    base = statistics.median(found[_BASE].rates)
    print_rows(
        f"PostgreSQL's settings: {batches} batches over 4 connections, medians of {rounds} rounds",
        [_row(name, each, base) for name, each in found.items()],
    )


def _measure(place: Place, settings: dict[str, str], batches: int, found: _Found) -> None:
    commits = place.fresh_commits(batches * BATCH)
    with place.served(settings) as postgres, counted(postgres) as counts:
        times = place.push(postgres, commits, 4)
    found.rates.append(len(commits) / times.seconds)
    found.times.append(times)
    found.wal.append(counts["wal"] / len(commits))
    found.checkpoints.append(counts["checkpoints"] - 1)  # the one that it begins with


def _row(name: str, found: _Found, base: float) -> Row:
    rate = statistics.median(found.rates)
    return {
        "": name,
        "commits/s": f"{rate:,.0f}",
        "against embedded": f"{rate / base:.2f}",
        "p50 ms": f"{statistics.median(times.median for times in found.times):.0f}",
        "p99 ms": f"{statistics.median(times.p99 for times in found.times):.0f}",
        "PostgreSQL's processor ms": f"{statistics.median(times.postgres_cpu for times in found.times):.1f}",
        "log, bytes a commit": f"{statistics.median(found.wal):,.0f}",
        "checkpoints": f"{statistics.median(found.checkpoints):.0f}",
    }
