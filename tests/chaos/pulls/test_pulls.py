"""The run in the form for CI. `CHAOS_SEED` repeats the chances of an earlier one."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from tests.chaos.pulls.run import Plan, run_pulls
from tgl_server.db.engine import Database
from tgl_server.settings import Settings


async def test_whatever_is_killed_each_due_pull_is_done_and_none_twice_at_once(
    tmp_path: Path, database: Database, database_url: str, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1_000_000))
    print(f"seed {seed}")
    settings = Settings(database_url=database_url)
    outcome = await run_pulls(tmp_path, database, settings, Plan(repos=50, kills=10, seed=seed, say=print))
    record_property("summary", outcome.summary)
    assert outcome.faults == [], (tmp_path / "log").read_text()[-20_000:]
