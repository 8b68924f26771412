"""The cost of VACUUM, freezing and ANALYZE for the newest rows of a large table, and of counting without them."""

import json
import time
from typing import Any

from benchmarks.choices.tables import Row, print_rows
from benchmarks.place import BATCH, Place, counted, execute, fetch, raw_copy
from tgl_server.db.embedded import EmbeddedPostgres

_COUNT = "EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*) FROM commits GROUP BY repo_id"
_LATE = "SET vacuum_freeze_min_age = 50000000"
_AT_ONCE = "SET vacuum_freeze_min_age = 0"


def compare_vacuum(place: Place, batches: int) -> None:
    """Measure with new batches each time, on top of frozen rows; those not frozen at once are frozen later."""
    steps = [
        ("VACUUM, freezing at once", batches, [_AT_ONCE, "VACUUM commits"]),
        ("VACUUM, freezing late", batches, [_LATE, "VACUUM commits"]),
        ("the freezing of these, later", 0, ["VACUUM (FREEZE) commits"]),
        ("ANALYZE", batches, ["ANALYZE commits"]),
    ]
    # No autovacuum may come in between.
    with place.served({"autovacuum": "off"}) as postgres:
        execute(postgres, "VACUUM (FREEZE, ANALYZE) commits")
        rows = [{"": name, **_measure(place, postgres, statements, new)} for name, new, statements in steps]
    print_rows(f"Vacuum after {batches * BATCH:,} new rows on a table of millions", rows)


def _measure(place: Place, postgres: EmbeddedPostgres, statements: list[str], batches: int) -> Row:
    if batches:
        raw_copy(postgres, place.world, place.fresh_commits(batches * BATCH))
    else:
        execute(postgres, "CHECKPOINT")
    before = _count(postgres)
    started = time.perf_counter()
    with counted(postgres) as counts:
        execute(postgres, *statements)
        seconds = time.perf_counter() - started
    after = _count(postgres)
    return {
        "s": f"{seconds:.2f}",
        "log, MB": f"{counts['wal'] / 1e6:.1f}",
        "count before, ms": f"{before[0]:.0f}",
        "rows looked up in the table": f"{before[1]:,}",
        "count after, ms": f"{after[0]:.0f}",
        "looked up after": f"{after[1]:,}",
    }


def _count(postgres: EmbeddedPostgres) -> tuple[float, int]:
    """The milliseconds of a count, and the rows for which it had to visit the table."""
    [row] = fetch(postgres, _COUNT)
    [found] = json.loads(row["QUERY PLAN"])
    return found["Execution Time"], _heap_fetches(found["Plan"])


def _heap_fetches(plan: dict[str, Any]) -> int:
    own: int = plan.get("Heap Fetches", 0)
    return own + sum(_heap_fetches(part) for part in plan.get("Plans", []))
