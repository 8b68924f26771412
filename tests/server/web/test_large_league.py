"""A league of 200 repositories in a real browser: what the first visit costs, what moves, and what is too wide."""

import asyncio
from urllib.parse import quote

import pytest

from tests.server.web.conftest import OpenWindow
from tests.server.web.test_repos_in_browser import ENGINE, TEAM
from tests.server.web.test_repos_in_browser import SIGNED_IN as OF_PROJECTS
from tests.support.browser import DESK, PHONE
from tests.support.database import execute
from tests.support.league import ADA, NEW_REPO, add_many_repos
from tgl_server.db.engine import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Pages that are drawn from the data of the league.
PAGES = ("/", TEAM, ENGINE, f"{ENGINE}/people", f"{ENGINE}/activity", f"{ENGINE}/commits")
WIDTHS = (320, 360, 1440, 3840)
COUNT_SHIFTS = """
window.tglShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.tglShift += entry.hadRecentInput ? 0 : entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SHIFTS = """
async () => {
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return window.tglShift;
}
"""


LONG_KEYS = """
    INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes)
    SELECT gen_random_uuid(), u.id, repeat('W', 100), 'tgl_' || n, '-', ARRAY['sync:commits']
    FROM users u, (VALUES ('done'), ('failed')) k (n) WHERE u.email = 'ada@example.com'
"""
USE_THEM = "UPDATE sync_runs SET api_key_id = k.id FROM api_keys k WHERE k.prefix = 'tgl_' || sync_runs.state"


@pytest.fixture
def large_league(league: None, own_loop: asyncio.Runner, own_pool: Database) -> None:
    """The league, with 200 repositories that have runs and weeks, and with keys of the longest names."""
    own_loop.run(add_many_repos(own_pool, 197))
    own_loop.run(execute(own_pool, LONG_KEYS, USE_THEM))


async def test_the_first_visit_to_200_repositories_transfers_less_than_100_kilobytes(
    window: OpenWindow, large_league: None
) -> None:
    async with window() as visit, window() as stranger:
        await visit.sign_in(ADA)
        # Somebody who has the session, and nothing of the pages.
        await stranger.context.add_cookies(await visit.context.cookies())  # type: ignore[arg-type]
        network = await stranger.context.new_cdp_session(stranger.page)
        await network.send("Network.enable")
        transferred: list[float] = []
        network.on("Network.loadingFinished", lambda event: transferred.append(event["encodedDataLength"]))
        await stranger.open("/")
        await stranger.page.wait_for_function("document.fonts.status === 'loaded'")
        assert await stranger.page.locator("tr[data-key]").count() == 200
        assert len(transferred) >= 6  # the page, its styles, script, icons and two fonts
        assert sum(transferred) < 100_000


@pytest.mark.parametrize("size", [pytest.param(DESK, marks=pytest.mark.slow), PHONE], ids=["desk", "phone"])
async def test_nothing_moves_while_a_page_comes(window: OpenWindow, large_league: None, size: dict[str, int]) -> None:
    async with window() as visit:
        await visit.sign_in(ADA)
        cookies = await visit.context.cookies()
    shifts = {}
    for path in PAGES:
        async with window(viewport=size) as fresh:
            await fresh.context.add_cookies(cookies)  # type: ignore[arg-type]
            await fresh.context.add_init_script(COUNT_SHIFTS)
            await fresh.open(path)
            shifts[path] = await fresh.page.evaluate(SHIFTS)
    assert {path: shift for path, shift in shifts.items() if shift >= 0.05} == {}


async def test_no_page_is_wider_than_its_window(window: OpenWindow, large_league: None) -> None:
    too_wide = []
    paths = (*OF_PROJECTS, "/find", "/settings/keys", "/settings/account", f"{TEAM}/repos/{quote(NEW_REPO)}/people")
    async with window() as visit:
        await visit.sign_in(ADA)
        for path in paths:
            await visit.open(path)
            for width in WIDTHS:
                await visit.page.set_viewport_size({"width": width, "height": 900})
                if overflow := await visit.overflow():
                    too_wide.append(f"{path} at {width}: {overflow} pixels")
    assert too_wide == []
