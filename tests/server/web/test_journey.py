"""Two people in two windows, from an account that waits to a key that is revoked, with the real `tgl push`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.server.web.conftest import OpenWindow
from tests.support.browser import Window
from tests.support.command import Done
from tests.support.people import PASSWORD
from tests.support.pushing import push
from tests.support.servers import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

_REPO = "/projects/compiler/repos/one"


@pytest.fixture
def push_it(
    server: RunningServer, repository: Path, tgl_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Done]:
    """Pushes the repository as its own shell would, with a key."""
    for name, value in {"TGL_URL": server.url, "TGL_PROJECT": "compiler", "TGL_REPO": "one"}.items():
        monkeypatch.setenv(name, value)

    def run(key: str) -> Done:
        monkeypatch.setenv("TGL_API_KEY", key)
        return push(repository)

    return run


async def test_from_an_account_that_waits_to_a_key_that_is_revoked(
    window: OpenWindow, owner: str, push_it: Callable[[str], Done]
) -> None:
    async with window() as commissioner, window() as grace:
        await commissioner.sign_in(owner)
        await _register(grace)
        await _approve(commissioner)
        await grace.page.get_by_role("heading", name="Overview").wait_for(timeout=60_000)
        await _make_project_and_repository(grace)
        key = await _make_key(grace)
        await _push_while_both_look(grace, commissioner, lambda: push_it(key))
        await _pause(grace)
        refused = push_it(key)
        assert (refused.code, f"hint: resume it at {grace.url}/settings/keys" in refused.err) == (3, True)
        await grace.page.get_by_role("button", name="Resume the key laptop of Grace").click()
        await expect(grace.page.get_by_text("The key laptop of Grace works again.")).to_be_visible()
        assert push_it(key).code == 0
        await _revoke(grace)
        assert push_it(key).code == 3


async def _register(visit: Window) -> None:
    await visit.open("/register")
    await visit.page.get_by_label("E-mail address").fill("grace@example.com")
    await visit.page.get_by_label("Name").fill("Grace")
    await visit.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await visit.page.get_by_role("main").get_by_role("button").last.click()
    await visit.page.wait_for_url("**/waiting")


async def _approve(visit: Window) -> None:
    await visit.open("/administration/people")
    await visit.page.get_by_role("button", name="Approve").click()
    await expect(visit.page.get_by_text("Grace").first).to_be_visible()


async def _make_project_and_repository(visit: Window) -> None:
    await visit.page.get_by_role("link", name="New project").first.click()
    await visit.page.get_by_label("Name", exact=True).fill("Compiler")
    await visit.page.get_by_label("Short name").fill("compiler")
    await visit.page.get_by_role("button", name="Make the project").click()
    await visit.page.get_by_role("link", name="Add repository").first.click()
    await visit.page.get_by_label("Name", exact=True).fill("one")
    await visit.page.get_by_role("main").get_by_role("button").last.click()
    await visit.page.get_by_text("Push for the first time").wait_for()


async def _make_key(visit: Window) -> str:
    await visit.open("/settings/keys/new?name=laptop+of+Grace")
    await visit.page.get_by_role("button", name="Make the key").click()
    return await visit.page.get_by_label("Copy it now").input_value()


async def _push_while_both_look(grace: Window, commissioner: Window, run: Callable[[], Done]) -> None:
    """The first push shows on both open pages by itself, and the key is known to work."""
    second = await grace.context.new_page()
    await second.goto(grace.url + _REPO)
    await commissioner.open("/")
    row = commissioner.page.get_by_role("row").filter(has_text="compiler")
    await expect(row).to_contain_text("Never pushed")
    pushed = run()
    assert pushed.code == 0, pushed.err
    await expect(second.locator("#runs")).to_contain_text("Done", timeout=60_000)
    await expect(row).to_contain_text("Healthy", timeout=60_000)
    await expect(grace.page.get_by_text("It works.")).to_be_visible(timeout=60_000)
    await second.close()


async def _pause(visit: Window) -> None:
    await visit.open("/settings/keys")
    await visit.page.get_by_role("button", name="Pause the key laptop of Grace").click()
    await expect(visit.page.get_by_text("The key laptop of Grace is paused, from the next request on.")).to_be_visible()


async def _revoke(visit: Window) -> None:
    await visit.page.get_by_role("link", name="laptop of Grace").click()
    await visit.page.get_by_role("link", name="Revoke").click()
    await visit.page.get_by_role("button", name="Revoke for good").click()
    await expect(visit.page.get_by_text("The key laptop of Grace is revoked for good.")).to_be_visible()
