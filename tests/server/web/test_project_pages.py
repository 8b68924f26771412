"""A project's page, its settings, and its end."""

import pytest

from tests.support.commits import batch, numbered
from tests.support.database import scalar
from tests.support.pages import counted_pages
from tests.support.people import Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

SETTINGS = "/projects/team/settings"


async def test_a_project_shows_its_own_repositories(ada_visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada), "ours")
    await make_repo(ada, await make_project(ada, "other"), "theirs")
    page = (await ada_visitor.get("/projects/team")).body
    assert (b"ours" in page, b"theirs" in page, b"you are the owner" in page) == (True, False, True)
    assert b"Nothing here is named like" in (await ada_visitor.get("/projects/team?q=theirs")).body


async def test_an_empty_project_says_what_comes_next(ada_visitor: Visitor, ada: Person) -> None:
    await make_project(ada)
    assert b"tgl init --project team" in (await ada_visitor.get("/projects/team")).body


async def test_changed_settings_lead_to_the_new_address(ada_visitor: Visitor, ada: Person) -> None:
    await make_project(ada)
    changed = await ada_visitor.post(SETTINGS, {"slug": "squad", "name": "The <b>Squad", "description": "a\r\nb"})
    assert (changed.status, changed.headers["Location"]) == (303, "/projects/squad/settings")
    page = (await ada_visitor.get("/projects/squad/settings")).body
    assert b"The &lt;b&gt;Squad" in page
    assert b"<b>Squad" not in page


async def test_a_form_that_is_refused_comes_back_as_it_was_typed(ada_visitor: Visitor, ada: Person) -> None:
    await make_project(ada)
    await make_project(ada, "other")
    taken = await ada_visitor.post(SETTINGS, {"slug": "other", "name": "Kept", "description": "Kept too"})
    assert (taken.status, b"slug-fault" in taken.body, b'value="Kept"' in taken.body) == (409, True, True)
    wrong = await ada_visitor.post(SETTINGS, {"slug": "A B", "name": "", "description": "x" * 3000})
    assert (wrong.status, wrong.body.count(b'-fault">')) == (422, 3)


@pytest.mark.parametrize("name", ["\u202eevil", "tab\there", "x" * 300, " "])
async def test_a_name_that_deceives_or_is_too_long_is_refused(ada_visitor: Visitor, ada: Person, name: str) -> None:
    await make_project(ada)
    answer = await ada_visitor.post(SETTINGS, {"slug": "team", "name": name})
    assert (answer.status, b"name-fault" in answer.body) == (422, True)


async def test_a_project_goes_once_its_short_name_was_typed(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await make_repo(ada, await make_project(ada))
    assert (await ada.post("/sync/projects/team/repos/linux/commits", batch(*numbered(3)))).status == 201
    assert b"1 repository, 3 commits" in (await ada_visitor.get("/projects/team/delete")).body
    for typed in ("", "Team", "linux"):
        refused = await ada_visitor.post("/projects/team/delete", {"confirmation": typed})
        assert (refused.status, b"confirmation-fault" in refused.body) == (422, True)
    assert (await ada_visitor.post("/projects/team/delete", {"confirmation": "team"})).status == 303
    assert b"is deleted" in (await ada_visitor.get("/projects")).body
    assert await scalar(database, "SELECT count(*) FROM commits") == 0
    done = "SELECT count(*) FROM audit_logs WHERE action = 'project:deleted' AND outcome = 'success'"
    assert await scalar(database, done) == 1


async def test_the_pages_cost_as_much_for_many_rows_as_for_one(
    ada: Person, server: RunningServer, database_url: str
) -> None:
    project = await make_project(ada)
    await make_repo(ada, project)
    paths = ["/projects/team", "/projects/team/members", SETTINGS]
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        once = [await pages.statements(path) for path in paths]
        for number in range(20):
            await make_repo(ada, project, f"repo-{number}")
        assert [await pages.statements(path) for path in paths] == once
        assert max(once) <= 6


async def test_no_project_stands_where_a_form_of_the_console_is(ada_visitor: Visitor, ada: Person) -> None:
    answer = await ada_visitor.post("/projects/new", {"slug": "new", "name": "New"})
    assert (answer.status, b"slug-fault" in answer.body) == (422, True)
