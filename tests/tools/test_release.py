"""What a release says of itself, and what ends it."""

import json
import re
from pathlib import Path

import pytest

from tools.release import VERSION, WHAT_REMAINS, changes, check_parts, why_a_trial, without_files

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "publish.md"
DATED = f"# Changelog\n\n## [{VERSION}] - 2026-01-31\n\n- One thing\n\n## [0.0.9] - 2025-01-01\n\n- Another\n"
PARTS = ["thegitleague", "litestar", "asyncpg", "aiohttp"]


def parts(names: list[str], **more: object) -> str:
    return json.dumps({"components": [{"name": name, **more} for name in names]})


def test_the_section_of_the_version_is_cut_out_of_the_changelog() -> None:
    assert changes(DATED) == "- One thing\n"
    assert changes(DATED.replace(f"[{VERSION}] - 2026-01-31", "Unreleased")) == "- One thing\n"
    with pytest.raises(SystemExit, match="CHANGELOG"):
        changes(DATED.replace("- One thing", ""))


@pytest.mark.parametrize(
    ("changelog", "uncommitted", "why"),
    [
        (DATED, "", ""),
        (DATED.replace(f"[{VERSION}] - 2026-01-31", "Unreleased"), "", "no section"),
        (DATED, " M README.md\n", "not committed"),
    ],
)
def test_what_is_not_to_be_published_is_a_trial(changelog: str, uncommitted: str, why: str) -> None:
    found = why_a_trial(changelog, uncommitted)
    assert why in found
    assert bool(found) == bool(why)


def test_a_list_of_parts_has_what_we_need_and_no_file_of_this_machine() -> None:
    check_parts(parts(PARTS))
    with pytest.raises(SystemExit, match="litestar"):
        check_parts(parts([name for name in PARTS if name != "litestar"]))
    with pytest.raises(SystemExit, match="file:///tmp/x"):
        check_parts(parts(PARTS, purl="file:///tmp/x.whl"))
    places = [{"url": "file:///tmp/x.whl"}, {"url": "https://league.example"}]
    cleaned = without_files(parts(PARTS, externalReferences=places))
    check_parts(cleaned)
    assert cleaned.count("https://league.example") == len(PARTS)


def test_the_page_names_the_commands_that_the_tool_names() -> None:
    commands = re.findall(r"\d\. (git .*|uvx .*)", WHAT_REMAINS)
    assert len(commands) == 2
    assert [each for each in commands if each not in PAGE.read_text()] == []
