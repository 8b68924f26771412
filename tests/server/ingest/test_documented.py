"""docs/subsystems/ingest.md names a test for each case, and each of them exists."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "subsystems" / "ingest.md"


def test_each_case_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    written = set(
        re.findall(r"^(?:async )?def (test_\w+)", "".join(f.read_text() for f in HERE.glob("*.py")), re.MULTILINE)
    )
    assert len(named) > 10
    assert named <= written
