"""A commissioner makes a league in a real browser, and points move with an approved claim."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.server.web.conftest import OpenWindow
from tests.support.api import Api
from tests.support.browser import Window
from tests.support.commits import batch, commit
from tests.support.database import until_query
from tests.support.world import World
from tgl_protocol.players import NewClaim
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.players.claims import file_claim
from tgl_server.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")

CUP = "/administration/leagues/cup"
OF_ACCOUNT = "SELECT count(*) = 1 FROM standings s JOIN players p ON p.id = s.player_id WHERE p.user_id IS {}"


@asynccontextmanager
async def pool_of(database_url: str) -> AsyncIterator[Database]:
    """The database, on the event loop of the browser."""
    database = Database(Settings(database_url=database_url))
    try:
        yield database
    finally:
        await database.close()


async def claim_of_ada(database: Database) -> None:
    """Ada, with an account, says that the address of the commits is hers."""
    async with database.transaction() as tx:
        ada = await create_user(tx, "ada@home.example", role=Role.PLAYER, display_name="Ada of the account")
        await file_claim(tx, ada.id, NewClaim(email="ada@example.com", evidence="my laptop"), Actor(ada.id))


async def looked_at(visit: Window, name: str) -> list[str]:
    """What is wrong with the page on a phone, and on a dark desk."""
    faults = []
    for width, theme in ((320, "light"), (1440, "dark")):
        await visit.page.set_viewport_size({"width": width, "height": 800})
        await visit.page.emulate_media(color_scheme="light" if theme == "light" else "dark")
        found, overflow = await visit.accessibility_faults(), await visit.overflow()
        faults += [f"{name} at {width}: {found}, {overflow} too wide"] if found or overflow else []
    return faults


async def test_a_league_is_made_opened_and_a_claim_moves_its_points(
    window: OpenWindow, world: World, owner: str, database_url: str
) -> None:
    today = datetime.now(UTC)
    monday = (today - timedelta(days=today.weekday())).date().isoformat()
    faults: list[str] = []
    async with window() as visit, pool_of(database_url) as database:
        page = visit.page
        await visit.sign_in(owner)
        await visit.open("/administration/leagues")
        faults += await looked_at(visit, "leagues")
        await page.get_by_label("Name", exact=True).fill("The cup")
        await page.get_by_label("Short name").fill("cup")
        await page.get_by_role("button", name="Make the league").click()
        await page.get_by_label("Repositories, upstream before fork").fill("demo/first")
        await page.get_by_role("button", name="Save the repositories").click()
        await page.get_by_text("The repositories of The cup are saved.").wait_for()
        await page.get_by_label("First day, a Monday").fill(monday)
        await page.get_by_role("button", name="Plan the season").click()
        await page.get_by_role("button", name="Open the season").wait_for()
        faults += await looked_at(visit, "draft")
        await page.get_by_role("button", name="Open the season").click()
        await page.get_by_text("Season 1 is open: what is stored is scored.").wait_for()
        async with Api(visit.url, world.key) as api:
            pushed = batch(commit("one", author_date=today.isoformat(), additions=30, deletions=0))
            assert (await api.post(f"{world.sync_path}/commits", pushed)).status == 201
        await until_query(database, OF_ACCOUNT.format("NULL"))
        faults += await looked_at(visit, "open")
        await visit.open(CUP)
        faults += await looked_at(visit, "league")
        await page.get_by_role("link", name="Rules").click()
        await page.get_by_label("Points of each step").fill("1, 2, 3, 4, 5, 6, 7, 8")
        await page.get_by_label("Try them on").select_option("Season 1")
        await page.get_by_role("button", name="Show who would move").click()
        await page.get_by_role("heading", name="What would change").wait_for()
        assert await page.locator("#preview tbody tr").count() == 1
        faults += await looked_at(visit, "rules")
        await claim_of_ada(database)
        await visit.open("/administration/claims")
        await page.get_by_label("Reason, which the claimant reads").fill("hers")
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_text("The claim is approved.").wait_for()
        await until_query(database, OF_ACCOUNT.format("NOT NULL"))
    assert faults == []
