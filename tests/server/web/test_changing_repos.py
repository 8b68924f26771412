"""Adding, changing and deleting a repository on its pages."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.commits import batch, numbered
from tests.support.database import rows, scalar
from tests.support.people import Person, make_project, make_repo
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

NEW = "/projects/team/repos/new"
LINUX = "/projects/team/repos/linux"
KEPT = "SELECT name, git_url, extract(epoch FROM expected_cadence) FROM repos"


async def test_a_new_repository_leads_to_its_page(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    await make_project(ada)
    fields = {"name": "مستودع ✓", "git_url": "https://git.example.com/a.git", "expected_cadence_seconds": "86400"}
    made = await ada_visitor.post(NEW, fields)
    assert (made.status, made.headers["Location"]) == (303, f"/projects/team/repos/{quote(fields['name'])}")
    assert b"waits for its first push" in (await ada_visitor.get(made.headers["Location"])).body
    assert [tuple(row) for row in await rows(database, KEPT)] == [("مستودع ✓", "https://git.example.com/a.git", 86400)]


async def test_what_is_left_empty_is_none(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    await make_repo(ada, await make_project(ada), expected_cadence_seconds=7200, git_url="https://git.example.com/a")
    assert b'value="7200" selected' in (await ada_visitor.get(f"{LINUX}/settings")).body
    fields = {"name": "linux", "git_url": "", "expected_cadence_seconds": ""}
    assert (await ada_visitor.post(f"{LINUX}/settings", fields)).status == 303
    assert [tuple(row) for row in await rows(database, KEPT)] == [("linux", None, None)]


async def test_a_new_name_leads_to_the_new_address_and_keeps_the_commits(ada_visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada))
    assert (await ada.post("/sync/projects/team/repos/linux/commits", batch(*numbered(3)))).status == 201
    answer = await ada_visitor.post(f"{LINUX}/settings", {"name": "minix"})
    assert answer.headers["Location"] == "/projects/team/repos/minix/settings"
    assert b"With 3 commits, for good." in (await ada_visitor.get("/projects/team/repos/minix/settings")).body
    assert (await ada_visitor.get(LINUX)).status == 404


async def test_a_name_that_is_taken_is_said_at_its_field_and_the_rest_is_kept(
    ada_visitor: Visitor, ada: Person
) -> None:
    await make_repo(ada, await make_project(ada))
    fields = {"name": "linux", "git_url": "https://git.example.com/kept", "expected_cadence_seconds": "604800"}
    answer = await ada_visitor.post(NEW, fields)
    assert (answer.status, b"name-fault" in answer.body) == (409, True)
    assert b'value="https://git.example.com/kept"' in answer.body
    assert b'value="604800" selected' in answer.body


HOSTILE = [
    ({"name": "a/b"}, "name"),
    ({"name": ".."}, "name"),
    ({"name": "new"}, "name"),
    ({"name": "\u202eevil"}, "name"),
    ({"name": "x" * 300}, "name"),
    ({"name": "line\nbreak"}, "name"),
    ({"name": "12345678-1234-1234-1234-123456789012"}, "name"),
    ({"name": "fine", "git_url": "javascript:alert(1)"}, "git_url"),
    ({"name": "fine", "git_url": "https://ada:secret@git.example.com/"}, "git_url"),
    ({"name": "fine", "git_url": "ext::sh -c id"}, "git_url"),
    ({"name": "fine", "expected_cadence_seconds": "1"}, "expected_cadence_seconds"),
    ({"name": "fine", "expected_cadence_seconds": "-86400"}, "expected_cadence_seconds"),
    ({"name": "fine", "expected_cadence_seconds": "9" * 30}, "expected_cadence_seconds"),
    ({"name": "fine", "expected_cadence_seconds": "soon"}, "expected_cadence_seconds"),
]


@pytest.mark.parametrize(("fields", "field"), HOSTILE)
async def test_a_field_that_cannot_be_is_refused_beside_itself(
    ada_visitor: Visitor, ada: Person, database: Database, fields: dict[str, Any], field: str
) -> None:
    await make_project(ada)
    answer = await ada_visitor.post(NEW, fields)
    assert (answer.status, f'id="{field}-fault"'.encode() in answer.body) == (422, True)
    assert await scalar(database, "SELECT count(*) FROM repos") == 0


async def test_a_repository_goes_once_its_name_was_typed(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    await make_repo(ada, await make_project(ada), "İstanbul ﷽")
    path = f"/projects/team/repos/{quote('İstanbul ﷽')}/delete"
    for typed in ("", "istanbul", "team"):
        assert (await ada_visitor.post(path, {"confirmation": typed})).status == 422
    gone = await ada_visitor.post(path, {"confirmation": "İstanbul ﷽"})
    assert (gone.status, gone.headers["Location"]) == (303, "/projects/team")
    assert await scalar(database, "SELECT count(*) FROM repos") == 0
    assert "The repository İstanbul ﷽ is deleted" in (await ada_visitor.get("/projects/team")).body.decode()
