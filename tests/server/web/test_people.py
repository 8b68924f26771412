"""The pages of people, for commissioners: approval, roles, retirement."""

from tests.support.database import execute, scalar
from tests.support.people import NEWCOMER, PASSWORD, People, Person
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database


async def register(server: RunningServer) -> None:
    async with Visitor(server.url) as newcomer:
        wish = {"email": NEWCOMER, "password": PASSWORD, "role": "player"}
        assert (await newcomer.post("/register", wish)).status == 303


async def id_of(database: Database, email: str) -> str:
    return str(await scalar(database, f"SELECT id FROM users WHERE email = '{email}'"))


async def test_who_waits_is_on_top_and_counted_in_the_navigation(
    boss_visitor: Visitor, server: RunningServer, database: Database
) -> None:
    await register(server)
    page = (await boss_visitor.get("/administration/people")).body
    assert b'<span class="pill">1' in page
    assert page.find(NEWCOMER.encode()) < page.rfind(b"boss@example.com</bdi>")
    user_id = await id_of(database, NEWCOMER)
    assert (await boss_visitor.post(f"/administration/people/{user_id}/approve")).status == 303
    assert b"can sign in" in (await boss_visitor.get("/administration/people")).body
    assert b'<span class="pill">' not in (await boss_visitor.get("/")).body


async def test_who_is_declined_cannot_sign_in(boss_visitor: Visitor, server: RunningServer, database: Database) -> None:
    await register(server)
    user_id = await id_of(database, NEWCOMER)
    assert (await boss_visitor.post(f"/administration/people/{user_id}/retire")).status == 303
    async with Visitor(server.url) as newcomer:
        assert (await newcomer.post("/sign-in", {"email": NEWCOMER, "password": PASSWORD})).status == 403


async def test_retiring_says_what_ends_and_ends_it(boss_visitor: Visitor, ada: Person, people: People) -> None:
    key = await people.with_key(ada)
    await ada.post("/projects", {"slug": "own", "name": "Own"})
    page = (await boss_visitor.get(f"/administration/people/{ada.id}")).body.decode()
    assert "1 key stops at once" in page
    assert "1 project needs another owner" in page
    assert (await boss_visitor.post(f"/administration/people/{ada.id}/retire")).status == 303
    assert (await ada.get("/auth/me")).status == 401
    assert (await key.get("/projects")).status == 403


async def test_a_role_is_changed_and_the_last_commissioner_stays(
    boss_visitor: Visitor, boss: Person, ada: Person
) -> None:
    assert (await boss_visitor.post(f"/administration/people/{ada.id}", {"role": "spectator"})).status == 303
    refused = await boss_visitor.post(f"/administration/people/{boss.id}", {"role": "player"})
    assert refused.status == 409
    assert b"last active commissioner" in refused.body


async def test_filters_find_people(boss_visitor: Visitor, ada: Person) -> None:
    for query, is_there in (("q=ADA", True), ("q=nobody", False), ("state=retired", False), ("role=player", True)):
        page = (await boss_visitor.get(f"/administration/people?{query}")).body
        assert (b"ada@example.com" in page) is is_there, query


async def test_a_player_sees_no_administration(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    for path in ("/administration/people", f"/administration/people/{ada.id}", "/administration/invite"):
        assert (await ada_visitor.get(path)).status == 403
    for path in ("approve", "retire", "link"):
        assert (await ada_visitor.post(f"/administration/people/{ada.id}/{path}")).status == 403
    await execute(database, "UPDATE users SET role = 'commissioner'")
    assert (await ada_visitor.get("/administration/people")).status == 200
