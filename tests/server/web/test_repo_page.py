"""A repository's page: where it stands, when it is late, its runs, and how to push to one that is new."""

import re
from urllib.parse import quote
from uuid import uuid4

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered
from tests.support.database import execute
from tests.support.pages import counted_pages
from tests.support.people import People, Person, ask, make_key, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tests.support.world import World
from tgl_server.db.engine import Database

HOSTILE = "<img src=x onerror=alert(1)>"
MAKE_RUNS = """
    INSERT INTO sync_runs (repo_id, id, state, started_at, last_batch_at, finished_at, client_version, user_id)
    SELECT r.id, gen_random_uuid(), 'done', now() - n * interval '1 hour', now() - n * interval '1 hour',
           now() - n * interval '1 hour', 'tgl ' || n, (SELECT id FROM users LIMIT 1)
    FROM repos r, generate_series(1, :count) n
"""


async def push(person: Person, *commits: dict[str, object], repo: str = "linux") -> int:
    return (await person.post(f"/sync/projects/team/repos/{repo}/commits", batch(*commits))).status


async def test_a_new_repository_says_how_to_push_to_it(
    ada_visitor: Visitor, ada: Person, server: RunningServer
) -> None:
    await make_repo(ada, await make_project(ada), "my repo")
    page = (await ada_visitor.get("/projects/team/repos/my%20repo")).body.decode()
    assert "Registered, and waiting for a first push." in page
    assert f"tgl login {server.url}" in page
    assert "tgl push --project team --repo &#39;my repo&#39;" in page


async def test_runs_say_how_they_went_and_who_pushed(ada_visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada))
    assert await push(ada, commit("one"), commit("two")) == 201
    assert await push(ada, commit("three", additions=-1)) == 422
    page = (await ada_visitor.get("/projects/team/repos/linux")).body.decode()
    assert 'class="badge failed"' in page
    assert "A batch was refused: 1 of 1 commits is invalid." in page
    assert "Ada" in page


async def test_a_run_says_why_each_commit_was_refused_and_what_to_do(ada_visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada))
    bad = commit("two", author_name="a" * 300), commit("three", sha=HOSTILE), commit("four", additions=-1)
    assert await push(ada, commit("one"), *bad) == 422
    page = (await ada_visitor.get("/projects/team/repos/linux")).body.decode()
    assert "Why 4 commits were refused" in page
    (run,) = set(re.findall(r'href="(/projects/team/repos/linux/runs/[^"]+)"', page))
    page = (await ada_visitor.get(run)).body.decode()
    remedies = "Shorten it", "Send all 40 hexadecimal digits", "tgl push counts lines itself"
    for text in ("author_name", *remedies, "1 other commit had no fault"):
        assert text in page
    assert ("<img src=x" in page, "&lt;img src=x" in page) == (False, True)
    assert (await ada_visitor.get(f"/projects/team/repos/linux/runs/{uuid4()}")).status == 404


async def test_a_run_keeps_its_first_reasons_and_says_how_many_there_were(ada_visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada))
    assert await push(ada, *(commit(number, additions=-1) for number in range(120))) == 422
    run = (await ada.get("/sync/projects/team/repos/linux/runs")).json["items"][0]["id"]
    page = (await ada_visitor.get(f"/projects/team/repos/linux/runs/{run}")).body.decode()
    assert page.count("tgl push counts lines itself") == 100
    assert "These are the first: a run keeps 100 reasons." in page


async def test_runs_are_filtered_by_the_key_that_pushed(ada_visitor: Visitor, ada: Person, people: People) -> None:
    await make_repo(ada, await make_project(ada))
    laptop, server = [await make_key(ada, name=name) for name in ("laptop", "server")]
    for key, name in ((laptop, "one"), (server, "two")):
        body = batch(commit(name), client_version=f"by {name}")
        path = "/sync/projects/team/repos/linux/commits"
        assert (await ask(ada.api, key["full_key"], path, "POST", json=body)).status == 201
    path = "/projects/team/repos/linux"
    assert b"laptop (" in (await ada_visitor.get(path)).body
    page = (await ada_visitor.get(f"{path}?key={laptop['id']}")).body
    assert (b"by one" in page, b"by two" in page) == (True, False)
    assert b"of those with this key" in (await ada_visitor.get(f"{path}?key={laptop['id']}&state=failed")).body


async def test_a_member_neither_reads_nor_filters_by_the_keys_of_others(
    people: People, ada: Person, server: RunningServer
) -> None:
    await make_repo(ada, await make_project(ada))
    key = await make_key(ada, name="the laptop")
    path = "/sync/projects/team/repos/linux/commits"
    assert (await ask(ada.api, key["full_key"], path, "POST", json=batch(commit("one")))).status == 201
    member = await people.make("member")
    assert (await ada.post("/projects/team/members", {"email": member.email, "role": "member"})).status == 201
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(member.email)
        page = (await visitor.get("/projects/team/repos/linux")).body
        assert (b"the laptop" in page, b"Ada" in page) == (False, True)
        assert b"No run fits" in (await visitor.get(f"/projects/team/repos/linux?key={key['id']}")).body


async def test_runs_are_filtered_by_what_a_reader_sees_of_them(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await make_repo(ada, await make_project(ada))
    assert await push(ada, commit("one")) == 201
    await execute(
        database, "UPDATE sync_runs SET state = 'running', last_batch_at = now() - interval '1 day', finished_at = NULL"
    )
    path = "/projects/team/repos/linux"
    assert b'class="badge interrupted"' in (await ada_visitor.get(f"{path}?state=interrupted")).body
    assert b"No run is running" in (await ada_visitor.get(f"{path}?state=running")).body
    assert b'class="badge interrupted"' in (await ada_visitor.get(f"{path}?state=nonsense")).body


async def test_runs_of_pulls_say_what_they_do_and_that_nobody_pushed(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await make_repo(ada, await make_project(ada), sync_method="pull_celery")
    path = "/projects/team/repos/linux"
    assert b"A run appears here with the first pull" in (await ada_visitor.get(path)).body
    await execute(database, MAKE_RUNS, count=3)
    await execute(database, "UPDATE sync_runs SET source = 'pull', phase = 'fetching', user_id = NULL")
    for state, number in (("queued", 1), ("cancelled", 2), ("running", 3)):
        change = "UPDATE sync_runs SET state = :state, last_batch_at = now() WHERE client_version = :client"
        await execute(database, change, state=state, client=f"tgl {number}")
    page = (await ada_visitor.get(path)).body.decode()
    assert all(f'class="badge {state}"' in page for state in ("queued", "cancelled", "running"))
    assert ("the server" in page, "a deleted account" in page) == (True, False)
    assert page.count('<span class="reason">fetching</span>') == 1
    assert "1 cancelled, 1 running, 1 queued" in page
    cancelled = (await ada_visitor.get(f"{path}?state=cancelled")).body.decode()
    assert ("tgl 2<" in cancelled, "tgl 1<" in cancelled) == (True, False)


async def test_older_runs_follow_on_a_page_of_their_own(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    await make_repo(ada, await make_project(ada))
    await execute(database, MAKE_RUNS, count=51)
    first = (await ada_visitor.get("/projects/team/repos/linux")).body.decode()
    cursor = first.partition("cursor=")[2].partition('"')[0]
    second = (await ada_visitor.get(f"/projects/team/repos/linux?cursor={cursor}")).body.decode()
    assert ("tgl 50<" in first, "tgl 51<" in first, "tgl 51<" in second) == (True, False, True)
    assert "cursor=" not in second
    assert (await ada_visitor.get("/projects/team/repos/linux?cursor=made-up")).status == 422


async def test_when_a_repository_is_late_is_said_before_it_is(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await make_repo(ada, await make_project(ada), expected_cadence_seconds=86_400)
    assert await push(ada, commit("one")) == 201
    page = (await ada_visitor.get("/projects/team/repos/linux")).body.decode()
    assert "Expected every day; late after" in page
    await execute(database, "UPDATE repo_states SET last_success_at = now() - interval '3 days'")
    page = (await ada_visitor.get("/projects/team/repos/linux")).body.decode()
    assert "late since" in page
    assert "Expected every day; 2 days late" in page


async def test_a_name_in_any_script_leads_to_its_page(ada_visitor: Visitor, ada: Person) -> None:
    project = await make_project(ada)
    for name in ("مستودع", "what? #1 & <b>50% +1", "🏆", "a" * 100):
        await make_repo(ada, project, name)
        answer = await ada_visitor.get(f"/projects/team/repos/{quote(name, safe='')}")
        assert answer.status == 200
        assert b"<b>50%" not in answer.body
        assert f"/projects/team/repos/{quote(name, safe='')}" in (await ada_visitor.get("/projects/team")).body.decode()


async def test_who_signs_in_comes_to_the_page_that_they_asked_for(visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada), "what? #1")
    path = "/projects/team/repos/what%3F%20%231"
    asked = await visitor.get(path)
    assert asked.headers["Location"] == f"/sign-in?next={quote(path, safe='')}"


async def test_the_page_costs_as_much_for_many_runs_as_for_one(
    ada: Person, server: RunningServer, database: Database, database_url: str
) -> None:
    await make_repo(ada, await make_project(ada))
    assert await push(ada, *numbered(1)) == 201
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        one = await pages.statements("/projects/team/repos/linux")
        await execute(database, MAKE_RUNS, count=60)
        assert await pages.statements("/projects/team/repos/linux") == one <= 6


async def test_nobody_else_learns_that_it_is_there(ada_visitor: Visitor, world: World, api: Api) -> None:
    assert (await ada_visitor.get(f"/projects/{world.project}/repos/{world.repo}")).status == 404
    assert (await ada_visitor.get(f"/projects/{world.project}")).status == 404


async def test_a_repository_that_is_behind_its_remote_says_since_when(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    repo = await make_repo(ada, await make_project(ada))
    assert await push(ada, commit("one")) == 201
    assert "newer commits" not in (await ada_visitor.get("/projects/team/repos/linux")).body.decode()
    tip = """INSERT INTO remote_tips (repo_id, name, sha, behind_since)
             VALUES (:id, 'refs/heads/main', '\\x01', '2026-05-03T08:15Z')"""
    await execute(database, tip, id=repo["id"])
    page = (await ada_visitor.get("/projects/team/repos/linux")).body.decode()
    assert "Everything that was pushed has arrived. The remote has had newer commits since" in page
    assert "3 May 2026 08:15 UTC" in page
