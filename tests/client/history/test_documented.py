"""docs/subsystems/history.md names a test for each case, and each of them exists."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "subsystems" / "history.md"


def test_every_numbered_case_names_a_test_that_exists() -> None:
    written = "".join(path.read_text() for path in HERE.glob("test_*.py"))
    exist = set(re.findall(r"^def (test_\w+)", written, re.MULTILINE))
    cases = re.split(r"^\d+\. ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    assert len(cases) == 20
    for case in cases:
        named = re.findall(r"`(test_\w+)`", case)
        assert named, case
        assert set(named) <= exist
