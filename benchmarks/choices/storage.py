"""The storage of long messages: beside the row or in it, compressed or not."""

import random
import time

import msgspec

from benchmarks.choices.tables import Row, print_rows
from benchmarks.place import BATCH, Place, counted, execute, fetch, raw_copy
from tgl_protocol.commits import Commit
from tgl_server.db.embedded import EmbeddedPostgres

_TABLE = "trial"
_VARIANTS = {
    "as it is: compressed above 2 kB, then beside": "RESET (toast_tuple_target)",
    "toast_tuple_target 1024": "SET (toast_tuple_target = 1024)",
    "toast_tuple_target 256": "SET (toast_tuple_target = 256)",
    "MAIN: compressed, in the row": "ALTER COLUMN message_body SET STORAGE MAIN",
    "EXTERNAL: beside, not compressed": "ALTER COLUMN message_body SET STORAGE EXTERNAL",
}
_SIZES = f"""
    SELECT pg_table_size('{_TABLE}') AS bytes, pg_relation_size('{_TABLE}') AS rows_alone FROM {_TABLE} LIMIT 1
"""
# As the listing reads: whole rows, newest first.
_PAGE = f"SELECT * FROM {_TABLE} ORDER BY repo_id DESC, commit_date DESC LIMIT 100"


def compare_storage(place: Place, batches: int) -> None:
    """Copy rows into a table of its own with all indexes, for each way of storage."""
    for name, long in {"of the benchmarks": False, "as long as those of git": True}.items():
        commits = place.fresh_commits(batches * BATCH)
        if long:
            commits = _with_long_bodies(commits)
        rows = []
        with place.served({}) as postgres:
            for variant, change in _VARIANTS.items():
                rows.append({"": variant, **_measure(place, postgres, commits, change)})
        print_rows(f"Storage of messages {name}: {batches} batches by COPY", rows)


def _with_long_bodies(commits: list[Commit]) -> list[Commit]:
    """Lengths with the median of git's own repository, and its one in a hundred above 2500 characters."""
    rng = random.Random(1)
    words = [rng.randbytes(rng.randrange(1, 6)).hex() for _ in range(20_000)]

    def body() -> str:
        length = int(rng.lognormvariate(5.67, 0.93))
        return " ".join(rng.choices(words, k=length // 6 + 1))[:length]

    return [msgspec.structs.replace(commit, message_body=body()) for commit in commits]


def _measure(place: Place, postgres: EmbeddedPostgres, commits: list[Commit], change: str) -> Row:
    execute(
        postgres,
        f"DROP TABLE IF EXISTS {_TABLE}",
        f"CREATE TABLE {_TABLE} (LIKE commits INCLUDING ALL)",
        f"ALTER TABLE {_TABLE} {change}",
    )
    with counted(postgres) as counts:
        times = raw_copy(postgres, place.world, commits, _TABLE)
    [sizes] = fetch(postgres, _SIZES)
    started = time.perf_counter()
    fetch(postgres, _PAGE)
    page = (time.perf_counter() - started) * 1000
    execute(postgres, f"DROP TABLE {_TABLE}")
    return {
        "batch, p50 ms": f"{times.median:.1f}",
        "processor, ms": f"{times.postgres_cpu:.1f}",
        "log, bytes a commit": f"{counts['wal'] / len(commits):,.0f}",
        "table, bytes a commit": f"{sizes['bytes'] / len(commits):.0f}",
        "of it beside": f"{(sizes['bytes'] - sizes['rows_alone']) / len(commits):.0f}",
        "page of 100, ms": f"{page:.1f}",
    }
