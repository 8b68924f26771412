"""Pages of pulls, credentials, webhooks, endpoints and notifications in a browser: accessible, and within a phone."""

import pytest

from tests.server.web.conftest import OpenWindow
from tests.support.league import ADA, ENDPOINT_ID, HOOK_ID, PROJECT, PULLED_REPO
from tests.support.visitor import SAME_SITE

pytestmark = pytest.mark.asyncio(loop_scope="session")

MIRROR = f"/projects/{PROJECT}/repos/{PULLED_REPO}"
ENDPOINTS = f"/projects/{PROJECT}/endpoints"
PAGES = (
    f"{MIRROR}/pull",
    f"{MIRROR}/pull/schedule",
    f"{MIRROR}/credentials",
    f"{MIRROR}/credentials/delete",
    f"{MIRROR}/credentials/host-keys",
    f"{MIRROR}/migrate-to-push",
    f"{MIRROR}/webhooks",
    f"{MIRROR}/webhooks/new",
    f"{MIRROR}/webhooks/{HOOK_ID}",
    f"{MIRROR}/webhooks/{HOOK_ID}/rotate",
    f"{MIRROR}/webhooks/{HOOK_ID}/delete",
    ENDPOINTS,
    f"{ENDPOINTS}/new",
    f"{ENDPOINTS}/{ENDPOINT_ID}",
    f"{ENDPOINTS}/{ENDPOINT_ID}/edit",
    f"{ENDPOINTS}/{ENDPOINT_ID}/rotate",
    f"{ENDPOINTS}/{ENDPOINT_ID}/delete",
    f"/projects/{PROJECT}/chats",
    "/settings/notifications",
    "/settings/addresses",
)


@pytest.mark.parametrize(("theme", "width"), [("light", 320), pytest.param("dark", 1440, marks=pytest.mark.slow)])
async def test_the_pages_are_accessible_and_fit_a_phone(
    window: OpenWindow, league: None, theme: str, width: int
) -> None:
    faults = []
    async with window(color_scheme=theme, viewport={"width": width, "height": 800}) as visit:
        await visit.sign_in(ADA)
        for path in PAGES:
            assert await visit.open(path) == 200
            found, overflow = await visit.accessibility_faults(), await visit.overflow()
            faults += [f"{path}: {found}, {overflow} too wide"] if found or overflow else []
    assert faults == []


async def test_an_open_endpoint_shows_its_deliveries_by_itself(window: OpenWindow, league: None) -> None:
    async with window() as visit:
        await visit.sign_in(ADA)
        path = f"{ENDPOINTS}/{ENDPOINT_ID}"
        # The page asks for itself once when its stream is open: from then on it misses nothing.
        async with visit.page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            await visit.open(path)
        rows = visit.page.locator("#deliveries tr")
        before = await rows.count()
        await rows.first.locator("summary", has_text="The message").click()
        body = visit.page.get_by_label("Body of the message").nth(0)
        shown = await body.text_content()
        assert (
            await visit.page.request.post(f"{visit.url}{path}/test", headers=SAME_SITE, max_redirects=0)
        ).status == 303
        await rows.nth(before).wait_for()
        # What was opened is the second by now: it stays open, and has the focus.
        opened = rows.nth(1).locator("details[open]")
        assert await opened.locator("pre").text_content() == shown
        assert await opened.locator("summary").evaluate("summary => summary === document.activeElement")
        assert await rows.first.locator("details[open]").count() == 0
    async with window(java_script_enabled=False) as plain:
        await plain.sign_in(ADA)
        await plain.open(path)
        await plain.page.get_by_role("link", name="Reload").click()
        assert await plain.page.locator("#deliveries tr").count() == before + 1
