"""The list of projects, and making one."""

from tests.support.commits import batch, commit
from tests.support.pages import counted_pages
from tests.support.people import Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tests.support.world import World


async def test_a_project_is_made_and_shown_by_its_name(ada_visitor: Visitor) -> None:
    made = await ada_visitor.post("/projects/new", {"slug": "team", "name": "The Team"})
    assert (made.status, made.headers["Location"]) == (303, "/projects/team")
    assert b"The Team" in (await ada_visitor.get("/projects")).body


async def test_a_slug_that_is_taken_is_said_at_its_field_and_the_rest_is_kept(
    ada_visitor: Visitor, ada: Person, world: World
) -> None:
    answer = await ada_visitor.post("/projects/new", {"slug": world.project, "name": "Mine"})
    assert answer.status == 409
    assert b"slug-fault" in answer.body
    assert b'value="Mine"' in answer.body


async def test_every_fault_is_shown_at_once(ada_visitor: Visitor) -> None:
    answer = await ada_visitor.post("/projects/new", {"slug": "Not A Slug", "name": "", "description": "x" * 3000})
    assert answer.status == 422
    assert answer.body.count(b'-fault">') == 3


async def test_a_form_is_filled_in_by_its_address(ada_visitor: Visitor) -> None:
    page = (await ada_visitor.get("/projects/new?slug=team&restored=1")).body
    assert b'value="team"' in page
    assert b"nothing was saved yet" in page


async def test_a_project_shows_how_its_worst_repository_stands(ada_visitor: Visitor, ada: Person) -> None:
    for project in ("good", "bad", "empty"):
        await make_project(ada, project)
    for path, status, fields in (("good/repos/one", 201, {}), ("bad/repos/one", 422, {"additions": -1})):
        await make_repo(ada, f"/projects/{path.split('/')[0]}", "one")
        body = batch(commit("one", **fields))
        assert (await ada.post(f"/sync/projects/{path}/commits", body)).status == status
    await make_repo(ada, "/projects/bad", "two")
    page = (await ada_visitor.get("/projects")).body.decode()
    rows = {project: row for row in page.split("<tr ") for project in ("good", "bad", "empty") if f">{project}<" in row}
    assert 'class="badge failing"' in rows["bad"]
    assert "1 of 2" in rows["bad"]
    assert "no repository" in rows["empty"]
    assert "failing" not in rows["good"]


async def test_the_list_costs_as_much_for_many_projects_as_for_one(
    ada: Person, server: RunningServer, database_url: str
) -> None:
    await make_repo(ada, await make_project(ada))
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        one = await pages.statements("/projects")
        for number in range(50):
            await make_repo(ada, await make_project(ada, f"project-{number}"))
        assert await pages.statements("/projects") == one <= 6
