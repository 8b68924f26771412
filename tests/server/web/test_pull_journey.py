"""A maintainer makes a pulled repository, gives a token, pulls, watches the run, and learns when the token breaks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import Window, open_window
from tests.support.forge import Forge, running_forge
from tests.support.histories import make_repository
from tests.support.pulls import running_worker
from tests.support.servers import RunningServer
from tgl_server.sealing.sealer import new_key
from tgl_server.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")

_TOKEN = "glpat-of-the-journey"
_WAIT = 60_000


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A forge that wants a token."""
    with running_forge(tmp_path / "forge") as forge:
        forge.token = _TOKEN
        yield forge


@pytest.fixture
def pulling(forge: Forge, start_server: Callable[..., RunningServer], tmp_path: Path) -> Iterator[RunningServer]:
    """A server with a worker beside it, which may both reach the forge."""
    key = new_key()
    reach = {"pull_allowed_networks": "127.0.0.1/32", "pull_allowed_ports": forge.port, "pull_ca_file": forge.ca_file}
    server = start_server(secrets_keys=key, **reach)
    settings = Settings(
        database_url=server.database_url,
        mirror_dir=str(tmp_path / "mirrors"),
        pull_allowed_networks=("127.0.0.1/32",),
        pull_allowed_ports=(forge.port,),
        pull_ca_file=str(forge.ca_file),
        secrets_keys=(key,),
    )
    with running_worker(settings):
        yield server


async def test_from_a_new_repository_to_a_token_that_breaks_and_its_remedy(
    browser: Browser, pulling: RunningServer, owner: str, forge: Forge, tmp_path: Path
) -> None:
    make_repository(tmp_path / "source", 3)
    url = forge.add(tmp_path / "source")
    async with open_window(browser, pulling.url) as ada:
        await ada.sign_in(owner)
        await _make_repository(ada, url)
        await _store(ada.page, _TOKEN)
        await _pull(ada.page)
        await expect(ada.page.locator("#run")).to_contain_text("Done", timeout=_WAIT)
        await expect(ada.page.locator("#repo-facts")).to_contain_text("3", timeout=_WAIT)
        forge.token = "another-one"
        await _pull(ada.page)
        await expect(ada.page.locator("#run .note.bad")).to_contain_text("refused the credentials", timeout=_WAIT)
        await ada.page.get_by_role("link", name="Pulls: what to do").click()
        await ada.page.get_by_role("link", name="Change the credentials").click()
        await expect(ada.page.locator(".badge.refused")).to_contain_text("Refused")
        await _store(ada.page, "another-one")
        await _pull(ada.page)
        await expect(ada.page.locator("#run")).to_contain_text("Done", timeout=_WAIT)
        await _compare(ada)


async def _compare(visit: Window) -> None:
    """A worker proves that the server has everything; the page, which waits, shows it by itself."""
    await visit.open("/projects/demo/repos/app/migrate-to-push")
    await visit.page.get_by_role("button", name="Compare now").click()
    comparison = visit.page.locator("#comparison")
    await expect(comparison).to_contain_text("Both sides are equal", timeout=_WAIT)
    await expect(comparison).to_contain_text("All 3 commits are equal in every column")
    assert await visit.accessibility_faults() == []


async def _make_repository(visit: Window, url: str) -> None:
    page = visit.page
    await visit.open("/projects/demo/repos/new")
    await page.get_by_label("Name", exact=True).fill("app")
    await page.get_by_label("Pull: this server fetches it").check()
    await page.get_by_role("textbox", name="Address").fill(url)
    await page.get_by_label("Only when somebody asks").check()
    await page.get_by_role("button", name="Add").click()
    await page.get_by_role("heading", name="Until the first pull").wait_for()
    await page.get_by_role("link", name="Credentials").first.click()


async def _store(page: Page, token: str) -> None:
    await page.get_by_label("Token", exact=True).fill(token)
    await page.get_by_label("Username").fill("reader")
    await page.get_by_role("button", name="Store").click()
    await page.get_by_text("The credentials are stored.").wait_for()


async def _pull(page: Page) -> None:
    await page.get_by_role("button", name="Pull now").click()
    await page.get_by_text("A pull is asked for").wait_for()
