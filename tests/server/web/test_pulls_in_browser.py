"""Pages of pulls, credentials, webhooks, endpoints and notifications in a browser: accessible, and within a phone."""

import pytest

from tests.server.web.conftest import OpenWindow
from tests.support.league import ADA, ENDPOINT_ID, HOOK_ID, PROJECT, PULLED_REPO

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


@pytest.mark.parametrize(("theme", "width"), [("light", 320), ("dark", 1440)])
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
