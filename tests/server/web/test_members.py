"""The people of a project on its pages: adding, another role, removing, leaving."""

import pytest

from tests.support.database import scalar
from tests.support.people import People, Person, make_project
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database

MEMBERS = "/projects/team/members"


async def add(visitor: Visitor, email: str, role: str = "member") -> int:
    return (await visitor.post(f"{MEMBERS}/add", {"email": email, "role": role})).status


async def test_the_owner_is_on_top_and_members_are_added_by_e_mail(
    ada_visitor: Visitor, ada: Person, people: People
) -> None:
    grace = await people.make("grace")
    await make_project(ada)
    answer = await ada_visitor.post(f"{MEMBERS}/add", {"email": "GRACE@example.com", "role": "maintainer"})
    assert (answer.status, answer.headers["Location"]) == (303, MEMBERS)
    page = (await ada_visitor.get(MEMBERS)).body.decode()
    assert page.find(ada.email) < page.find(grace.email)
    assert "GRACE@example.com is a member now." in page
    assert "Maintainer</td>" in page


async def test_unknown_waiting_and_retired_accounts_get_the_same_answer(
    ada_visitor: Visitor, ada: Person, people: People
) -> None:
    await make_project(ada)
    found = set()
    for name, state in (("waiting", "pending"), ("retired", "retired"), ("unknown", "")):
        if state:
            await people.set_state(await people.make(name), state)
        answer = await ada_visitor.post(f"{MEMBERS}/add", {"email": f"{name}@example.com", "role": "member"})
        body = answer.body.decode().replace(f"{name}@example.com", "")
        found.add((answer.status, body.partition('id="main"')[2].partition("</main>")[0]))
    assert [status for status, _ in found] == [422]
    assert "email-fault" in found.pop()[1]


@pytest.mark.parametrize(
    "email", ["", "x" * 400, "<script>@example.com", "\u202eada@example.com", "🏆", "ada@example.com' OR '1'='1"]
)
async def test_whatever_is_typed_is_shown_as_text_beside_its_fault(
    ada_visitor: Visitor, ada: Person, email: str
) -> None:
    await make_project(ada)
    answer = await ada_visitor.post(f"{MEMBERS}/add", {"email": email, "role": "owner"})
    assert answer.status == 422
    assert b"role-fault" in answer.body
    assert b"<script>@" not in answer.body


async def test_who_is_in_already_is_said_at_the_field(ada_visitor: Visitor, ada: Person, people: People) -> None:
    grace = await people.make("grace")
    await make_project(ada)
    assert await add(ada_visitor, grace.email) == 303
    assert await add(ada_visitor, grace.email) == 409
    assert await add(ada_visitor, ada.email) == 409


async def test_a_role_is_changed_and_a_member_removed_after_a_question(
    ada_visitor: Visitor, ada: Person, people: People, database: Database
) -> None:
    grace = await people.make("grace")
    await make_project(ada)
    await add(ada_visitor, grace.email)
    assert (await ada_visitor.post(f"{MEMBERS}/{grace.id}", {"role": "maintainer"})).status == 303
    assert await scalar(database, "SELECT role FROM project_members") == "maintainer"
    refused = await ada_visitor.post(f"{MEMBERS}/{grace.id}", {"role": "owner"})
    assert (refused.status, b"Expected one of `maintainer`, `member`" in refused.body) == (422, True)
    assert b"can no longer push" in (await ada_visitor.get(f"{MEMBERS}/{grace.id}/remove")).body
    assert (await ada_visitor.post(f"{MEMBERS}/{grace.id}/remove")).status == 303
    assert await scalar(database, "SELECT count(*) FROM project_members") == 0
    actions = (
        "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_logs WHERE outcome = 'success' AND action LIKE 'm%'"
    )
    assert await scalar(database, actions) == "member:added member:changed member:removed"


async def test_a_member_leaves_by_themselves_and_removes_nobody_else(
    ada_visitor: Visitor, ada: Person, people: People, server: RunningServer
) -> None:
    grace, barbara = await people.make("grace"), await people.make("barbara", Role.SPECTATOR)
    await make_project(ada)
    await add(ada_visitor, grace.email)
    await add(ada_visitor, barbara.email)
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(barbara.email)
        page = (await visitor.get(MEMBERS)).body
        assert (b"Leave" in page, b"Remove<" in page, b"Add member" in page) == (True, False, False)
        for method in (visitor.get, visitor.post):
            assert (await method(f"{MEMBERS}/{grace.id}/remove")).status == 403
        assert (await visitor.post(f"{MEMBERS}/{barbara.id}/remove")).headers["Location"] == "/projects"
        assert (await visitor.get(MEMBERS)).status == 404


async def test_a_project_whose_owner_has_left_is_handed_over_by_a_commissioner(
    boss_visitor: Visitor, boss: Person, ada: Person, people: People, database: Database
) -> None:
    grace = await people.make("grace")
    await make_project(ada)
    await people.set_state(ada, "retired")
    page = (await boss_visitor.get("/projects/team")).body
    assert b"whose account has ended" in page
    assert b"/projects/team/hand-over" in page
    assert b"Add repository" not in page
    assert (await boss_visitor.post("/projects/team/hand-over", {"email": ada.email})).status == 422
    assert (await boss_visitor.post("/projects/team/hand-over", {"member": str(ada.id)})).status == 422
    assert (await boss_visitor.post("/projects/team/hand-over")).status == 422
    assert (await boss_visitor.post("/projects/team/hand-over", {"email": grace.email})).status == 303
    assert await scalar(database, "SELECT owner_id FROM projects") == grace.id


async def test_a_new_owner_is_chosen_among_the_active_members(
    boss_visitor: Visitor, boss: Person, ada: Person, people: People
) -> None:
    await make_project(ada)
    grace, gone = await people.make("grace"), await people.make("gone")
    for person in (grace, gone):
        assert (await ada.post("/projects/team/members", {"email": person.email, "role": "member"})).status == 201
    await people.set_state(gone, "retired")
    await people.set_state(ada, "retired")
    page = (await boss_visitor.get("/projects/team/hand-over")).body.decode()
    assert ("The account of its owner has ended." in page, str(grace.id) in page) == (True, True)
    assert str(gone.id) not in page
    assert (await boss_visitor.post("/projects/team/hand-over", {"member": str(grace.id), "email": ""})).status == 303
    page = (await boss_visitor.get("/projects/team")).body.decode()
    assert "The project belongs to Grace now." in page
    assert "The account of its owner has ended." not in page
