"""Pictures of the documents: each is there, says in words what it shows, and is shown by some page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*"))
MOST_BYTES = 200_000


def shown() -> list[tuple[Path, str, Path]]:
    """Page, words and file of each picture that a page shows."""
    return [
        (page, words, (page.parent / target).resolve())
        for page in PAGES
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())
    ]


def test_every_picture_of_a_page_is_there_and_has_words_for_who_cannot_see_it() -> None:
    assert shown()
    assert [(page.name, file.name) for page, words, file in shown() if not file.is_file() or len(words) < 20] == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_is_shown_by_a_page(picture: Path) -> None:
    assert picture.stat().st_size < MOST_BYTES
    assert picture in {file for _, _, file in shown()}
