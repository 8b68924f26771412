"""The first page: what needs attention first, and only what a person may see."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit, sha_of
from tests.support.database import execute
from tests.support.pages import counted_pages
from tests.support.people import People, Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.sums import until_followed
from tests.support.visitor import Visitor
from tests.support.world import World
from tgl_server.db.engine import Database


def order_of(page: bytes, *texts: str) -> bool:
    """True if the page has these texts in this order."""
    places = [page.decode().find(text) for text in texts]
    return -1 not in places and places == sorted(places)


async def test_what_needs_attention_comes_first(
    boss_visitor: Visitor, boss: Person, world: World, api: Api, database: Database
) -> None:
    for name in ("a-good-one", "z-refused", "m-waiting"):
        assert (await boss.post("/projects", {"slug": name, "name": name})).status == 201
        assert (await boss.post(f"/projects/{name}/repos", {"name": name})).status == 201
    good, bad = batch(commit("one")), batch(commit("two", additions=-1))
    assert (await boss.post("/sync/projects/a-good-one/repos/a-good-one/commits", good)).status == 201
    assert (await boss.post("/sync/projects/z-refused/repos/z-refused/commits", bad)).status == 422
    page = (await boss_visitor.get("/")).body
    assert order_of(page, "Needs attention", "z-refused", "Waiting for a first push", "m-waiting", "a-good-one")
    assert b"<title>(1) Overview" in page


async def test_a_failing_repository_is_no_better_while_somebody_tries_again(
    boss_visitor: Visitor, boss: Person, world: World, api: Api, database: Database
) -> None:
    await execute(
        database,
        "UPDATE repo_states SET sync_status = 'syncing', error_message = NULL, last_attempt_at = now(), "
        "last_error_at = now(), last_error = 'A batch was refused.', last_success_at = now() - interval '1 day'",
    )
    page = (await boss_visitor.get("/")).body
    assert b"Retrying now. A batch was refused." in page
    assert re.search(rb'class="badge failing"', page)


async def test_a_repository_that_is_behind_its_remote_says_since_when(
    boss_visitor: Visitor, world: World, api: Api, database: Database
) -> None:
    tip = "INSERT INTO remote_tips (repo_id, name, sha, behind_since) VALUES (:repo_id, 'refs/heads/main', :sha, :at)"
    at = datetime(2026, 5, 3, 12, tzinfo=UTC)
    await execute(database, tip, repo_id=world.repo_id, sha=bytes.fromhex(sha_of("one")), at=at)
    words = b'Behind its remote since <time datetime="2026-05-03T12:00:00+00:00">'
    for path in ("/", f"/projects/{world.project}"):
        assert words in (await boss_visitor.get(path)).body
    assert (await api.post(f"{world.sync_path}/commits", batch(commit("one")))).status == 201
    assert words not in (await boss_visitor.get("/")).body


async def test_a_late_repository_says_how_late(
    boss_visitor: Visitor, boss: Person, world: World, database: Database
) -> None:
    await execute(
        database,
        "UPDATE repo_states SET sync_status = 'healthy', last_success_at = now() - interval '4 days'",
        "UPDATE repos SET expected_cadence = interval '1 day'",
    )
    assert b"Expected every day; 3 days late" in (await boss_visitor.get("/")).body


async def test_a_player_sees_their_projects_alone(ada_visitor: Visitor, ada: Person, world: World) -> None:
    assert f"/repos/{world.repo}".encode() not in (await ada_visitor.get("/")).body
    await ada.post("/projects", {"slug": "own", "name": "Own"})
    await ada.post("/projects/own/repos", {"name": "mine"})
    page = (await ada_visitor.get("/")).body
    assert b"mine" in page
    assert world.project.encode() not in page


async def test_a_row_has_the_commits_of_its_last_weeks(
    boss_visitor: Visitor, world: World, api: Api, database: Database
) -> None:
    today = datetime.now(UTC)
    commits = [commit(days, author_date=f"{today - timedelta(days=days):%Y-%m-%d}T12:00:00Z") for days in (0, 14, 140)]
    assert (await api.post(f"{world.sync_path}/commits", batch(*commits))).status == 201
    await until_followed(database)
    for path in ("/", f"/projects/{world.project}", f"/projects/{world.project}/repos/{world.repo}"):
        page = (await boss_visitor.get(path)).body
        assert b'"Commits in each of the last 12 weeks: 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1"' in page


async def test_a_key_is_named_to_those_who_may_know_of_it(
    people: People, boss: Person, server: RunningServer, database: Database
) -> None:
    await make_repo(boss, await make_project(boss))
    machine = await people.with_key(boss)
    assert (await machine.post("/sync/projects/team/repos/linux/commits", batch(commit("one")))).status == 201
    for role, is_named in (("member", False), ("maintainer", True)):
        person = await people.make(role)
        assert (await boss.post("/projects/team/members", {"email": person.email, "role": role})).status == 201
        async with Visitor(server.url) as visitor:
            await visitor.sign_in(person.email)
            for path in ("/", "/projects/team/repos/linux"):
                page = (await visitor.get(path)).body.decode()
                assert "Boss" in page
                assert ("test (Boss)" in page) is is_named


async def test_filters_count_everything_and_show_what_fits(boss_visitor: Visitor, boss: Person, world: World) -> None:
    page = (await boss_visitor.get("/?state=healthy")).body
    assert b"No repository is healthy" in page
    assert b"Show all 1" in page
    assert world.repo.encode() in (await boss_visitor.get("/?q=FIRST&sort=commits")).body


async def test_names_are_shown_as_text_whatever_is_in_them(boss_visitor: Visitor, boss: Person) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    assert (await boss.post("/projects", {"slug": "own", "name": hostile})).status == 201
    assert (await boss.post("/projects/own/repos", {"name": "<img src=x onerror=alert(1)>"})).status == 201
    page = (await boss_visitor.get("/")).body
    assert b"<img src=x" not in page
    assert b"<script>alert" not in page


async def test_a_commit_is_found_in_every_repository_that_one_may_see_and_in_no_other(
    ada_visitor: Visitor, ada: Person, world: World, api: Api
) -> None:
    team = await make_project(ada)
    for name in ("linux", "fork"):
        await make_repo(ada, team, name)
        assert (await ada.post(f"/sync/projects/team/repos/{name}/commits", batch(commit("one")))).status == 201
    hidden = commit("hidden"), commit("bad", additions=-1)
    assert (await api.post(f"{world.sync_path}/commits?on_error=skip", batch(*hidden))).status == 201
    page = (await ada_visitor.get(f"/find?sha={sha_of('one')[:8]}")).body
    assert b"It is in team/fork, team/linux." in page
    for name in ("hidden", "bad"):
        page = (await ada_visitor.get(f"/find?sha={sha_of(name)}")).body
        assert b"is in a repository that you may see" in page
        assert f"git branch -a --contains {sha_of(name)}".encode() in page
        assert world.project.encode() not in page


async def test_a_commit_that_was_refused_is_found_with_its_reason(ada_visitor: Visitor, ada: Person) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    await make_repo(ada, await make_project(ada), hostile)
    bad = batch(commit("bad", additions=-1))
    assert (await ada.post(f"/sync/projects/team/repos/{quote(hostile, safe='')}/commits", bad)).status == 422
    page = (await ada_visitor.get(f"/find?sha={sha_of('bad')[:4].upper()}")).body
    assert b"It was refused in team/" in page
    assert b"additions" in page
    assert b"<img src=x" not in page


@pytest.mark.parametrize("text", ["abc", "\0", "zebra", "<script>", "4f1a9c0" * 20])
async def test_what_is_no_sha_is_said_at_its_field(ada_visitor: Visitor, text: str) -> None:
    answer = await ada_visitor.get(f"/find?sha={quote(text)}")
    assert (answer.status, b"sha-fault" in answer.body) == (422, True)
    assert (await ada_visitor.get("/find")).status == 200


async def test_the_pages_cost_as_much_for_many_repositories_as_for_one(
    ada: Person, server: RunningServer, database_url: str
) -> None:
    team = await make_project(ada)
    await make_repo(ada, team, "repo-0")
    paths = "/", "/find?sha=beef", team
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        one = [await pages.statements(path) for path in paths]
        for number in range(1, 50):
            await make_repo(ada, team, f"repo-{number}")
        assert [await pages.statements(path) for path in paths] == one
        assert max(one) <= 6
