"""The chaos run in the form for CI: about two minutes. `CHAOS_SEED` repeats the chances of an earlier one."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from tests.chaos.run import run_chaos

_SECONDS = 45


def test_nothing_is_lost_and_nothing_doubled_whatever_breaks(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1_000_000))
    print(f"seed {seed}")
    outcome = run_chaos(tmp_path, seconds=_SECONDS, seed=seed)
    record_property("summary", outcome.summary)
    assert outcome.faults == [], outcome.summary
