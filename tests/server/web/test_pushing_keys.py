"""The keys that can push to a project, as its owner and its maintainers see them."""

import pytest

from tests.support.commits import batch, commit
from tests.support.database import execute
from tests.support.pages import counted_pages
from tests.support.people import People, Person, ask, make_key, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

KEYS = "/projects/team/keys"
MORE_KEYS = """
    INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, created_at)
    SELECT gen_random_uuid(), user_id, 'key ' || n, 'tgl_' || lpad(CAST(n AS text), 8, '0'), key_hash, scopes, now()
    FROM (SELECT * FROM api_keys LIMIT 1) one, generate_series(1, :count) n
"""


@pytest.fixture
async def linux(ada: Person) -> str:
    """The id of a repository of Ada's, beside another."""
    await make_repo(ada, await make_project(ada), "other")
    made: str = (await make_repo(ada, "/projects/team"))["id"]
    return made


async def add(owner: Person, person: Person, role: str) -> None:
    assert (await owner.post("/projects/team/members", {"email": person.email, "role": role})).status == 201


async def test_the_keys_of_all_who_may_push_are_listed_and_no_others(
    ada_visitor: Visitor, ada: Person, linux: str, people: People
) -> None:
    grace, ken = await people.make("grace"), await people.make("ken")
    await add(ada, grace, "maintainer")
    await add(ada, ken, "member")
    await make_key(ada, name="ada-reads", scopes="read:repos")
    await make_key(ada, name="ada-all")
    await make_key(grace, name="grace-linux", repo_ids=[linux])
    await make_key(ken, name="ken-all")
    revoked = await make_key(grace, name="grace-revoked")
    assert (await grace.delete(f"/api-keys/{revoked['id']}")).status == 200
    await make_repo(grace, await make_project(grace, "own"), "private")
    private = (await grace.get("/projects/own/repos/private")).json["id"]
    await make_key(grace, name="grace-elsewhere", repo_ids=[private])
    page = (await ada_visitor.get(KEYS)).body.decode()
    names = "ada-reads", "ada-all", "grace-linux", "ken-all", "grace-revoked", "grace-elsewhere"
    assert [name for name in names if name in page] == ["ada-all", "grace-linux"]
    assert ("1 repository" in page, "All repositories" in page) == (True, True)


async def test_each_key_says_when_it_last_pushed_here(ada_visitor: Visitor, ada: Person, linux: str) -> None:
    key = await make_key(ada, name="laptop")
    assert b"not lately" in (await ada_visitor.get(KEYS)).body
    path = "/sync/projects/team/repos/linux/commits"
    assert (await ask(ada.api, key["full_key"], path, "POST", json=batch(commit("one")))).status == 201
    page = (await ada_visitor.get(KEYS)).body
    assert (b"not lately" in page, b"data-ago" in page) == (False, True)


async def test_a_project_without_a_key_says_who_makes_one(ada_visitor: Visitor, linux: str) -> None:
    assert b"No key can push here" in (await ada_visitor.get(KEYS)).body


async def test_names_of_keys_are_shown_as_text(ada_visitor: Visitor, ada: Person, linux: str) -> None:
    await make_key(ada, name="<img src=x onerror=alert(1)>")
    page = (await ada_visitor.get(KEYS)).body
    assert (b"<img src=x" in page, b"&lt;img src=x" in page) == (False, True)


async def test_the_page_costs_as_much_for_many_keys_as_for_one(
    ada: Person, linux: str, server: RunningServer, database: Database, database_url: str
) -> None:
    await make_key(ada)
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        one = await pages.statements(KEYS)
        await execute(database, MORE_KEYS, count=120)
        assert await pages.statements(KEYS) == one <= 6
        assert await pages.statements(f"{KEYS}?from=100") == one
        assert await pages.statements("/projects/team/hand-over") <= 6
