"""Projects and repositories in a real browser: accessible, within a phone, without JavaScript, by the keyboard."""

from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.server.web.conftest import OpenWindow
from tests.support.api import Api
from tests.support.commits import batch, commit, sha_of
from tests.support.league import ADA, NEW_REPO, PROJECT, REPO
from tests.support.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEAM = f"/projects/{PROJECT}"
ENGINE = f"{TEAM}/repos/{REPO}"
SIGNED_IN = (
    "/",
    "/projects",
    TEAM,
    f"{TEAM}/members",
    f"{TEAM}/members/add",
    f"{TEAM}/keys",
    f"{TEAM}/settings",
    f"{TEAM}/hand-over",
    f"{TEAM}/delete",
    f"{TEAM}/repos/new",
    f"{TEAM}/repos/{quote(NEW_REPO)}",
    ENGINE,
    f"{ENGINE}/branches",
    f"{ENGINE}/people",
    f"{ENGINE}/people?period=30d&merges=true&order=lines",
    f"{ENGINE}/activity",
    f"{ENGINE}/activity?by=day&show=lines",
    f"{TEAM}/repos/{quote(NEW_REPO)}/people",
    f"{TEAM}/repos/{quote(NEW_REPO)}/activity",
    f"{ENGINE}/commits",
    f"{ENGINE}/commits?q=zebra",
    f"{ENGINE}/find",
    f"{ENGINE}/find?sha={sha_of('one')}",
    f"{ENGINE}/find?sha=deadbeef",
    f"{ENGINE}/settings",
    f"{ENGINE}/delete",
)


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        pytest.param("light", 1440, marks=pytest.mark.slow),
        ("dark", 320),
        pytest.param("light", 320, marks=pytest.mark.slow),
        pytest.param("dark", 1440, marks=pytest.mark.slow),
    ],
)
async def test_pages_of_projects_and_repositories_are_accessible_and_fit_a_phone(
    window: OpenWindow, league: None, theme: str, width: int
) -> None:
    async with window(color_scheme=theme, viewport={"width": width, "height": 800}) as visit:
        await visit.sign_in(ADA)
        assert await visit.faults_of(SIGNED_IN) == []


async def test_a_repository_is_added_found_and_deleted_without_javascript(window: OpenWindow, league: None) -> None:
    async with window(java_script_enabled=False) as visit:
        page = visit.page
        await visit.sign_in(ADA)
        await page.get_by_role("link", name="Projects").first.click()
        await page.get_by_role("link", name="Platform team").click()
        await page.get_by_role("link", name="Add repository").click()
        await page.get_by_label("Name").fill("gateway")
        await page.get_by_label("New commits are expected").select_option("Every day")
        await page.get_by_role("button", name="Add").click()
        await page.get_by_text("waits for its first push").wait_for()
        await page.get_by_role("link", name="Find a commit").click()
        await page.get_by_label("Sha of the commit").fill(sha_of("one")[:8])
        await page.get_by_role("button", name="Find it").click()
        await page.get_by_text(f"It is not in this repository, but in {PROJECT}/{REPO}.").wait_for()
        await page.get_by_role("link", name="Settings", exact=True).click()
        await page.get_by_role("link", name="Delete this repository").click()
        await page.get_by_label("Type gateway to confirm").fill("gateway")
        await page.get_by_role("button", name="Delete for good").click()
        await page.get_by_text("The repository gateway is deleted with its commits.").wait_for()


async def test_more_commits_and_runs_are_read_by_the_keyboard_alone(window: OpenWindow, league: None) -> None:
    async with window() as visit:
        await visit.sign_in(ADA)
        await visit.open(f"{ENGINE}/commits")
        await visit.press("j", "Enter")
        await visit.page.get_by_text("Why it was done").first.wait_for()
        await visit.press("/")
        await visit.page.keyboard.type("carry")
        await visit.press("Enter")
        await visit.page.get_by_text("Titles of 4 commits were searched").wait_for()


async def test_the_page_of_a_new_repository_shows_its_first_push_by_itself(
    window: OpenWindow, world: World, owner: str
) -> None:
    async with window() as visit, Api(visit.url, world.key) as api:
        await visit.sign_in(owner)
        async with visit.page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            await visit.open(f"/projects/{world.project}/repos/{world.repo}")
        await visit.page.get_by_text("Push for the first time").wait_for()
        await visit.page.get_by_role("button", name="Copy").first.wait_for()
        assert (await api.post(f"{world.sync_path}/commits", batch(commit("one")))).status == 201
        await visit.page.locator("#runs .badge").first.wait_for()


async def test_an_open_page_counts_a_running_push_up_and_keeps_what_was_opened(
    window: OpenWindow, world: World, owner: str
) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    path = f"{world.sync_path}/commits?on_error=skip"
    async with window() as visit, Api(visit.url, world.key) as api:
        page = visit.page
        bad = commit("bad", additions=-1)
        assert (await api.post(path, batch(commit("one"), bad), headers=run)).status == 201
        await visit.sign_in(owner)
        async with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            await visit.open(f"/projects/{world.project}/repos/{world.repo}")
        await page.get_by_text("Why 1 commit was refused").click()
        await page.get_by_text("tgl push counts lines itself").wait_for()
        assert (await api.post(path, batch(commit("two"), commit("three")), headers=run)).status == 201
        await page.locator("#runs td[data-head=New]", has_text="3").wait_for()
        assert await page.get_by_text("tgl push counts lines itself").is_visible()


async def test_reasons_are_a_link_away_without_javascript(window: OpenWindow, league: None) -> None:
    async with window(java_script_enabled=False) as visit:
        await visit.sign_in(ADA)
        await visit.open(ENGINE)
        await visit.page.get_by_text("Why 3 commits were refused").click()
        await visit.page.get_by_role("link", name="Show the reasons").click()
        await visit.page.get_by_text("The reasons are no longer kept.").wait_for()
