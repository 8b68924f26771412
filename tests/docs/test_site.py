"""The documentation site: it builds without a warning, no link is dead, nothing comes from elsewhere, and it finds."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from playwright.async_api import Request

from tests.support.browser import running_browser

ROOT = Path(__file__).parents[2]

#: What operators ask, in the words that they type, and the page that answers.
QUESTIONS = {
    "restore a backup": "howto/backup.html",
    "nginx proxy certificate": "howto/deploy.html",
    "upgrade to a new version": "howto/upgrade.html",
    "prometheus alerts": "howto/monitoring.html",
    "disk is full": "howto/troubleshoot-server.html",
    "pull worker redis": "howto/pull-workers.html",
    "smtp mail server": "howto/mail.html",
    "migrate from pull to push": "howto/migrate-from-pull.html",
    "SYNC_REQUESTS_PER_MINUTE": "reference/settings.html",
    "push fails exit code": "howto/when-a-push-fails.html",
}


class Page(HTMLParser):
    """The ids of a page, where its links lead, and what a browser loads to show it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif loaded := given.get("src") or given.get("href"):
            self.loads.append(loaded)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Sphinx has run as `just site` runs it, into a folder of the test's."""
    recipe = re.search(r"^site:\n +uv run (sphinx-build .*)$", (ROOT / "justfile").read_text(), re.MULTILINE)
    assert recipe
    *options, _ = recipe[1].split()[1:]
    command = [sys.executable, "-m", "sphinx", *options, str(tmp_path_factory.mktemp("site"))]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def site(built: subprocess.CompletedProcess[str]) -> Path:
    return Path(built.args[-1])


@pytest.fixture
def pages(site: Path) -> dict[Path, Page]:
    return {file: Page(file) for file in sorted(site.rglob("*.html"))}


def test_it_builds_without_a_warning(built: subprocess.CompletedProcess[str]) -> None:
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")


def test_every_page_of_the_documents_is_in_it(site: Path) -> None:
    docs = ROOT / "docs"
    expected = {page.relative_to(docs).with_suffix(".html") for page in docs.rglob("*.md")}
    assert len(expected) > 60
    assert [page for page in sorted(expected) if not (site / page).is_file()] == []


def test_no_link_is_dead_and_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    dead, foreign = set(), set()
    for page in pages.values():
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                foreign |= {(page.file.name, link)} if link in page.loads and parts.scheme != "data" else set()
                continue
            target = (page.file.parent / unquote(parts.path)).resolve() if parts.path else page.file
            is_page = target.suffix == ".html" and target in pages
            has_anchor = not parts.fragment or not is_page or unquote(parts.fragment) in pages[target].ids
            dead |= set() if target.is_file() and has_anchor else {(str(page.file.relative_to(site)), link)}
    assert (sorted(dead), sorted(foreign)) == ([], [])


async def test_questions_of_operators_find_the_right_page_first(site: Path) -> None:
    """Asked in Chromium, of the site's own search, with the files on a disk and no server at all."""
    found, elsewhere = {}, list[str]()

    def look(request: Request) -> None:
        if not request.url.startswith((site.as_uri(), "data:")):
            elsewhere.append(request.url)

    async with running_browser() as browser:
        page = await browser.new_page()
        page.on("request", look)
        for question in QUESTIONS:
            await page.goto(f"{(site / 'search.html').as_uri()}?{urlencode({'q': question})}")
            await page.locator(".search-summary", has_text=re.compile("found|did not match")).wait_for()
            first = page.locator("ul.search li a").first
            address = await first.get_attribute("href") if await first.count() else None
            found[question] = urlsplit(address or "").path
    assert (found, elsewhere) == (QUESTIONS, [])
