"""Whatever path or test the documents name is there, so that a move leaves no lie behind."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Pages that number their cases; each case names the test that shows it.
NUMBERED = {"history.md": 26}

_PATH = re.compile(r"(?<![\w./-])(?:src|tests|docs|tools|benchmarks|migrations)/[\w./*-]*[\w/*]")
_FILE = re.compile(r"((?<![\w./-])(?:[\w-]+/)*[\w-]+\.py)\b|`([\w-]+\.md)`|\]\(([\w./-]+\.(?:md|json|yml))\)")
_PATH_OF_TEST = re.compile(r"(tests/[\w./-]+\.py)::(test_\w+)")
_TEST = re.compile(r"\btest_\w+\b(?!\.py|\w*/)")


def _id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _is_there(page: Path, name: str) -> bool:
    """Beside the page, or anywhere in the tree below folders whose names were left out."""
    return (page.parent / name).exists() or any(each.endswith(f"/{name}") for each in _files())


@cache
def _files() -> list[str]:
    folders = ("src", "tests", "docs", "tools", "benchmarks", "migrations", "deploy")
    return [*map(str, ROOT.glob("*.*")), *(str(file) for folder in folders for file in (ROOT / folder).rglob("*.*"))]


@cache
def _tests_of(path: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE))


@cache
def _all_tests() -> set[str]:
    return set().union(*(_tests_of(path) for path in (ROOT / "tests").rglob("*.py")))


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    named = set(_PATH.findall(page.read_text()))
    assert sorted(path for path in named if not any(ROOT.glob(path.rstrip("/")))) == []
    files = {name for each in _FILE.findall(page.read_text()) for name in each if name}
    assert sorted(name for name in files if not _is_there(page, name)) == []


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    lost = {name for name in _TEST.findall(text) if name not in _all_tests()}
    assert sorted(lost) == []
    placed = [(ROOT / path, name) for path, name in _PATH_OF_TEST.findall(text)]
    assert [f"{path}::{name}" for path, name in placed if not path.exists() or name not in _tests_of(path)] == []


@pytest.mark.parametrize("name", NUMBERED)
def test_every_numbered_case_names_its_test(name: str) -> None:
    cases = re.split(r"^\d+\. ", (ROOT / "docs" / "subsystems" / name).read_text(), flags=re.MULTILINE)[1:]
    assert len(cases) == NUMBERED[name]
    assert [case for case in cases if not _TEST.search(case)] == []


def test_every_attack_of_the_security_page_names_its_test() -> None:
    table = (ROOT / "SECURITY.md").read_text().partition("which test shows it")[2].partition("## How to run it")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert rows
    assert [row for row in rows if "`tests/" not in row] == []


def test_the_security_page_gives_a_private_way_to_report() -> None:
    """On GitHub the link leads from the page, two folders below the repository, to its form for reports."""
    (link,) = re.findall(r"\]\((\S+security\S+)\)", (ROOT / "SECURITY.md").read_text())
    page = "https://github.com/owner/name/blob/main/SECURITY.md"
    assert urljoin(page, link) == "https://github.com/owner/name/security/advisories/new"
