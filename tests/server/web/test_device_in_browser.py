"""A machine's login in a real browser, with the real `tgl login` in a terminal beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.server.web.conftest import OpenWindow
from tests.support.api import Api
from tests.support.browser import PHONE
from tests.support.command import tgl
from tests.support.device import begin
from tests.support.people import PASSWORD, People, Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.terminal import logging_in
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def ada(server: RunningServer, database_url: str) -> AsyncIterator[Person]:
    """A player, whose requests are on the event loop of the browser."""
    database = Database(Settings(database_url=database_url))
    async with AsyncExitStack() as stack:
        yield await People(server, database, stack).make("ada")
    await database.close()


async def test_a_code_from_the_terminal_is_approved_and_the_machine_pushes(
    window: OpenWindow, ada: Person, server: RunningServer, repository: Path, tgl_home: Path
) -> None:
    await make_repo(ada, await make_project(ada), "work")
    async with window() as visit, logging_in(server.url) as terminal:
        await visit.sign_in(ada.email)
        await visit.open("/device")
        field = visit.page.get_by_label("Code")
        await expect(field).to_be_focused()
        await visit.page.keyboard.type((await terminal.code()).lower().replace("-", " "))
        await visit.page.keyboard.press("Enter")
        await expect(visit.page.get_by_text(await terminal.code(), exact=True)).to_be_visible()
        await expect(visit.page.get_by_text("push commits and read repositories")).to_be_visible()
        await visit.page.get_by_role("button", name="Approve").click()
        await expect(visit.page.get_by_role("heading", name="Approved")).to_be_visible()
        status, out, _ = await terminal.ended()
        assert (status, "logged in to" in out) == (0, True)
        pushed = await asyncio.to_thread(tgl, "push", repository)
        assert pushed.code == 0, pushed.err
        await visit.page.get_by_role("link", name="To your keys").click()
        await expect(visit.page.get_by_role("link", name="laptop-")).to_be_visible()


async def test_without_javascript_a_stranger_signs_in_and_declines(
    window: OpenWindow, ada: Person, server: RunningServer, tgl_home: Path
) -> None:
    async with window(java_script_enabled=False, viewport=PHONE) as visit, logging_in(server.url) as terminal:
        await visit.open(f"/device?code={await terminal.code()}")
        await visit.page.get_by_label("E-mail address").fill(ada.email)
        await visit.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await visit.page.get_by_role("button", name="Sign in").click()
        await visit.page.get_by_role("button", name="Decline").click()
        await expect(visit.page.get_by_role("heading", name="Declined")).to_be_visible()
        status, _, err = await terminal.ended()
    assert (status, "was declined in the browser; nothing was stored" in err) == (3, True)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_question_is_accessible_and_fits_a_phone(
    window: OpenWindow, ada: Person, server: RunningServer, theme: str
) -> None:
    async with window(viewport={**PHONE, "width": 320}, color_scheme=theme) as visit, Api(server.url) as machine:
        codes = await begin(machine, name="laptop-" + "x" * 90)
        await visit.sign_in(ada.email)
        for code in (codes["user_code"], "BCDF-GHJK"):
            await visit.open(f"/device?code={code}")
            assert await visit.accessibility_faults() == []
            assert await visit.overflow() == 0
