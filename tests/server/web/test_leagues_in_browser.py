"""The pages of leagues in a real browser: accessible, within a phone, and up to date by themselves."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.server.web.conftest import OpenWindow
from tests.support.api import Api
from tests.support.browser import PHONE
from tests.support.commits import batch, commit
from tests.support.database import execute
from tests.support.leagues import arrive, make_league, stored, until_scored
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.leagues.playing import draw_matches
from tgl_server.leagues.rules import Fixtures
from tgl_server.leagues.seasons import keep_seasons
from tgl_server.leagues.service import NEW_RULES
from tgl_server.leagues.terms import load_season

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEASON = "/leagues/premier/seasons/1"


@pytest.fixture
def season(world: World, own_loop: asyncio.Runner, own_pool: Database) -> None:
    """A season that began four weeks ago, with four players; it goes on."""
    own_loop.run(_make(own_pool, world))


async def _make(database: Database, world: World) -> None:
    now = datetime.now(UTC)
    monday = now - timedelta(days=now.weekday() + 28)
    rules = replace(NEW_RULES, fixtures=Fixtures.PLAYERS)
    taken_in = monday - timedelta(days=1)
    made = await make_league(database, world, starts=monday.date(), now=now, taken_in=taken_in, rules=rules)
    names = ("Ada", "Ben", "Cem", "A name that is as long as names of commits can be, and has nospacestobreakitat" * 2)
    work = [
        stored((name, week, n), monday + timedelta(weeks=week, minutes=n), name=name, email=f"{place}@example.com")
        for place, name in enumerate(names)
        for week in range(place, 4)
        for n in range(2)
    ]
    for each in work:
        await arrive(database, made.repos[0], [each])
    await until_scored(database)
    await execute(database, "UPDATE players SET state = 'active'")
    async with database.transaction() as tx:
        await draw_matches(tx, await load_season(tx, made.season_id))
    await keep_seasons(database)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 320)])
async def test_pages_of_leagues_are_accessible_and_fit_a_phone(
    window: OpenWindow, owner: str, season: None, theme: str, width: int
) -> None:
    faults = []
    async with window(viewport={**PHONE, "width": width}, color_scheme=theme) as visit:
        await visit.sign_in(owner)
        await visit.open(SEASON)
        player = await visit.page.locator("td.person a").first.get_attribute("href") or ""
        await visit.open(player)
        day = await visit.page.locator("#days td.person a").first.get_attribute("href") or ""
        honours = [f"{SEASON}/{path}" for path in ("awards", "records", "fixtures", "weeks/3")]
        for path in ("/leagues", "/leagues/premier", SEASON, f"{SEASON}/weeks/5", player, day, *honours):
            assert await visit.open(path) == 200
            found, overflow = await visit.accessibility_faults(), await visit.overflow()
            faults += [f"{path}: {found}, {overflow} too wide"] if found or overflow else []
        await visit.open("/leagues/premier/rules/1")
        assert await visit.accessibility_faults() == []
    assert faults == []


async def test_an_open_table_shows_a_push_by_itself(window: OpenWindow, world: World, owner: str, season: None) -> None:
    async with window() as visit, Api(visit.url, world.key) as api:
        await visit.sign_in(owner)
        async with visit.page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            await visit.open(SEASON)
        ben = visit.page.get_by_role("row", name="Ben")
        before = await ben.locator("td.points").inner_text()
        now = datetime.now(UTC).isoformat()
        pushed = commit(
            "b", author_name="Ben", author_email="1@example.com", author_date=now, additions=99, deletions=0
        )
        assert (await api.post(f"{world.sync_path}/commits", batch(pushed))).status == 201
        await visit.page.locator("tr.changed", has_text="Ben").wait_for()
        assert await ben.locator("td.points").inner_text() != before
