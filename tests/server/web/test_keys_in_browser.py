"""API keys in a real browser, as a person uses them: with a mouse, by keyboard, without JavaScript, on a phone."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.server.web.conftest import OpenWindow
from tests.support.browser import PHONE, Window
from tests.support.database import execute
from tests.support.people import People, Person, make_key, make_project, make_repo
from tests.support.pushing import push
from tests.support.servers import RunningServer
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEYS = "/settings/keys"


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """A pool on the event loop of the browser."""
    database = Database(Settings(database_url=database_url))
    yield database
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def ada(server: RunningServer, database: Database) -> AsyncIterator[Person]:
    """A player, whose requests are on the event loop of the browser."""
    async with AsyncExitStack() as stack:
        yield await People(server, database, stack).make("ada")


async def make_by_hand(visit: Window, name: str) -> str:
    """Make a key with the form; the key."""
    await visit.open(f"{KEYS}/new")
    await visit.page.get_by_label("Name").fill(name)
    await visit.page.get_by_role("button", name="Make the key").click()
    return await visit.page.get_by_label("Copy it now").input_value()


async def test_a_push_is_refused_while_the_key_is_paused(
    window: OpenWindow,
    ada: Person,
    server: RunningServer,
    repository: Path,
    tgl_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await make_repo(ada, await make_project(ada), "work")
    for name, value in {"TGL_URL": server.url, "TGL_PROJECT": "team", "TGL_REPO": "work"}.items():
        monkeypatch.setenv(name, value)
    async with window() as visit:
        await visit.sign_in(ada.email)
        monkeypatch.setenv("TGL_API_KEY", await make_by_hand(visit, "laptop"))
        await visit.page.get_by_role("button", name="Copy").first.click()
        await expect(visit.page.locator("#outcome")).to_have_text(re.compile("Copied|Selected"))
        assert push(repository).code == 0
        await expect(visit.page.get_by_text("It works.")).to_be_visible(timeout=60_000)
        await expect(visit.page.get_by_text("by tgl ")).to_be_visible()
        await visit.open(KEYS)
        await visit.page.get_by_role("button", name="Pause the key laptop").click()
        await expect(visit.page.get_by_text("The key laptop is paused, from the next request on.")).to_be_visible()
        refused = push(repository)
        assert (refused.code, f"hint: resume it at {server.url}{KEYS}" in refused.err) == (3, True)
        await visit.page.get_by_role("link", name="laptop").click()
        await expect(visit.page.get_by_text("The key was paused.").first).to_be_visible()
        await visit.page.get_by_role("button", name="Resume the key laptop").click()
        await expect(visit.page.get_by_text("The key laptop works again.")).to_be_visible()
        assert push(repository).code == 0
        await visit.page.get_by_role("link", name="Revoke").click()
        await visit.page.get_by_role("button", name="Revoke for good").click()
        await expect(visit.page.get_by_text("The key laptop is revoked for good.")).to_be_visible()
        revoked = push(repository)
        assert (revoked.code, f"hint: create a new key at {server.url}{KEYS}" in revoked.err) == (3, True)


async def test_a_key_is_made_and_revoked_by_keyboard_alone(window: OpenWindow, ada: Person) -> None:
    async with window() as visit:
        await visit.sign_in(ada.email)
        page = visit.page
        await visit.press("g", "k")
        await page.wait_for_url(f"**{KEYS}")
        await visit.press("n")
        await visit.type("Name", "by keyboard")
        await visit.press("Enter")
        await expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
        await visit.press("g", "k")
        await page.wait_for_url(f"**{KEYS}")
        await visit.press("j", "Enter")
        await page.get_by_role("link", name="Revoke").focus()
        await visit.press("Enter")
        await page.get_by_role("button", name="Revoke for good").focus()
        await visit.press("Enter")
        await expect(page.get_by_text("The key by keyboard is revoked for good.")).to_be_visible()


async def test_everything_works_without_javascript(window: OpenWindow, ada: Person) -> None:
    await make_repo(ada, await make_project(ada), "one")
    async with window(java_script_enabled=False) as visit:
        await visit.sign_in(ada.email)
        page = visit.page
        await visit.open(f"{KEYS}/new")
        await page.get_by_label("Name").fill("nightly")
        await page.get_by_label("Only these").check()
        await page.get_by_label("one", exact=True).check()
        await page.get_by_role("button", name="Cron job").click()
        await expect(page.get_by_label("Name")).to_have_value("nightly")
        await expect(page.get_by_label("365 days")).to_be_checked()
        await expect(page.get_by_label("Read repositories")).not_to_be_checked()
        await expect(page.get_by_label("one", exact=True)).to_be_checked()
        await page.get_by_role("button", name="Make the key").click()
        assert (await page.get_by_label("Copy it now").input_value()).startswith("tgl_")
        await page.get_by_text("In a cron job").click()
        await expect(page.get_by_text("--quiet --timeout 3000")).to_be_visible()
        await page.get_by_role("link", name="The key's own page").click()
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_text("Each request with this key is refused until you resume it.")).to_be_visible()
        await page.get_by_role("button", name="Resume").click()
        await page.get_by_role("link", name="Rotate").click()
        await page.get_by_role("button", name="Show the new key").click()
        await expect(page.get_by_text("It replaces the one before")).to_be_visible()


async def test_a_long_list_of_repositories_is_narrowed_as_one_types(window: OpenWindow, ada: Person) -> None:
    path = await make_project(ada)
    for number in range(13):
        await make_repo(ada, path, f"service-{number:02}")
    async with window() as visit:
        await visit.sign_in(ada.email)
        await visit.open(f"{KEYS}/new?reach=some")
        await visit.page.get_by_placeholder("Repository or project").fill("SERVICE-07")
        await expect(visit.page.get_by_label("service-07")).to_be_visible()
        await expect(visit.page.get_by_label("service-08")).not_to_be_visible()


@pytest.mark.parametrize("theme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
async def test_pages_of_keys_are_accessible_and_fit_a_phone(
    window: OpenWindow, ada: Person, database: Database, theme: str
) -> None:
    repo = await make_repo(ada, await make_project(ada), "x" * 80)
    key = await make_key(ada, name="x" * 100, repo_ids=[repo["id"]], networks=["2001:db8:1234:5678::/64", "127.0.0.1"])
    old = await make_key(ada, name="old")
    assert (await ada.post(f"/api-keys/{old['id']}/rotate", {"overlap_minutes": 10_080})).status == 201
    await make_key(ada, name="soon", expires_in_days=5)
    await execute(database, f"UPDATE api_keys SET is_active = false WHERE id = '{key['id']}'")
    own = [f"{KEYS}/{id_}{act}" for id_ in (key["id"], old["id"]) for act in ("", "/rename", "/rotate", "/revoke")]
    async with window(viewport={**PHONE, "width": 320}, color_scheme=theme) as visit:
        await visit.sign_in(ada.email)
        for path in (KEYS, f"{KEYS}?show=all", f"{KEYS}/new?reach=some", *own):
            await visit.open(path)
            assert (path, await visit.accessibility_faults(), await visit.overflow()) == (path, [], 0)
        await make_by_hand(visit, "y" * 100)
        assert (await visit.accessibility_faults(), await visit.overflow()) == ([], 0)
