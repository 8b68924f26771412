"""The console in a real browser: accessible, within its window, and true to its policy."""

import pytest

from tests.server.web.conftest import OpenWindow
from tests.support.api import Api
from tests.support.browser import PHONE
from tests.support.commits import batch, commit
from tests.support.people import NEWCOMER, PASSWORD
from tests.support.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIGNED_IN = (
    "/",
    "/find",
    "/find?sha=deadbeef",
    "/projects",
    "/projects/new",
    "/settings/account",
    "/settings/password",
    "/shortcuts",
    "/device",
    "/device/approved",
    "/device/declined",
    "/administration/people",
    "/administration/people/{user}",
    "/administration/invite",
    "/administration/claims",
    "/administration/joined",
    "/administration/log",
    "/administration/system",
)
PUBLIC = ("/sign-in", "/register")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_pages_before_signing_in_are_accessible_and_fit_a_phone(window: OpenWindow, theme: str) -> None:
    async with window(viewport={**PHONE, "width": 320}, color_scheme=theme) as visit:
        assert await visit.faults_of(PUBLIC) == []
        assert await visit.faults_of(["/nothing/here"], status=404) == []


async def test_a_person_registers_and_waits_without_javascript(window: OpenWindow, database_url: str) -> None:
    async with window(java_script_enabled=False) as visit:
        await visit.open("/register")
        await visit.page.get_by_label("E-mail address").fill(NEWCOMER)
        await visit.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await visit.page.get_by_role("button", name="Ask for the account").click()
        await visit.page.wait_for_url("**/waiting")
        assert await visit.page.get_by_role("heading", name="Waiting for approval").is_visible()


async def test_an_open_overview_shows_a_push_by_itself(window: OpenWindow, world: World, owner: str) -> None:
    async with window() as visit, Api(visit.url, world.key) as api:
        await visit.sign_in(owner)
        # The page asks for itself once when its stream is open: from then on it misses nothing.
        async with visit.page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            await visit.page.locator(".badge.never").first.wait_for()
        assert (await api.post(f"{world.sync_path}/commits", batch(commit("one")))).status == 201
        await visit.page.locator("tr.changed .badge.syncing, tr.changed .badge.healthy").first.wait_for()
        assert await visit.page.locator("#moved").is_visible()
        await visit.page.get_by_role("link", name="Sort again").click()
        assert (
            await visit.page.get_by_role("row", name="In play")
            .or_(visit.page.get_by_role("row", name="Up to date"))
            .first.is_visible()
        )


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_pages_are_accessible_and_fit_a_phone(window: OpenWindow, world: World, owner: str, theme: str) -> None:
    async with window(viewport={**PHONE, "width": 320}, color_scheme=theme) as visit:
        await visit.sign_in(owner)
        assert await visit.faults_of([path.format(user=world.user_id) for path in SIGNED_IN]) == []


async def test_the_keyboard_alone_goes_everywhere(window: OpenWindow, owner: str) -> None:
    async with window() as visit:
        await visit.sign_in(owner)
        await visit.press("g", "p")
        await visit.page.wait_for_url("**/projects")
        await visit.press("n")
        await visit.type("Name", "The Team")
        await visit.press("Tab")
        await visit.type("Short name", "team")
        await visit.press("Enter")
        await visit.page.wait_for_url(lambda url: url.endswith("/projects/team"))


async def test_shortcuts_can_be_switched_off(window: OpenWindow, owner: str) -> None:
    async with window() as visit:
        page = visit.page
        await visit.sign_in(owner)
        await visit.press("?")
        await page.wait_for_url("**/shortcuts")
        await page.get_by_role("link", name="Switch them off").click()
        await page.get_by_label("Shortcuts of single keys").select_option("Off")
        await page.get_by_role("button", name="Save").click()
        await page.get_by_text("Your preferences are saved.").wait_for()
        await visit.press("?")
        await page.get_by_role("link", name="Keyboard shortcuts").click()
        await page.get_by_text("They are switched off.").wait_for()


async def test_dense_rows_are_36_pixels_high_from_the_first_byte_on(
    window: OpenWindow, world: World, owner: str
) -> None:
    async with window(java_script_enabled=False) as visit:
        row = visit.page.locator("tbody tr:not(.band) td").first
        await visit.sign_in(owner)
        await visit.open("/administration/people")
        roomy = await row.bounding_box()
        await visit.open("/settings/account")
        await visit.page.get_by_label("Rows of tables").select_option("dense")
        await visit.page.get_by_role("button", name="Save").click()
        await visit.open("/administration/people")
        dense = await row.bounding_box()
        assert roomy is not None
        assert dense is not None
        assert roomy["height"] - dense["height"] >= 8
