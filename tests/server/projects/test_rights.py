"""Who may see and change the repositories of a project: people by their part in it, keys by their scopes."""

from uuid import UUID, uuid4

import pytest

from tests.support.api import Answer
from tests.support.commits import batch, numbered
from tests.support.people import People, make_project, make_repo
from tgl_server.accounts.models import Role
from tgl_server.auth.principal import Scope


async def test_members_read_and_maintainers_change_repositories(people: People) -> None:
    ada, mia, max_ = await people.make("ada"), await people.make("mia"), await people.make("max")
    chef, stranger = await people.make("chef", Role.COMMISSIONER), await people.make("stranger")
    path = await make_project(ada)
    await make_repo(ada, path)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    await ada.post(f"{path}/members", {"user_id": str(max_.id), "role": "maintainer"})
    for person, expected in ((mia, 403), (chef, 403), (stranger, 404)):
        assert (await person.post(f"{path}/repos", {"name": "x"})).status == expected
        assert (await person.patch(f"{path}/repos/linux", {"name": "x"})).status == expected
        assert (await person.delete(f"{path}/repos/linux")).status == expected
        assert (await person.get(f"{path}/repos/linux")).status == (404 if person is stranger else 200)
        assert (await person.get(f"{path}/repos")).status == (404 if person is stranger else 200)
    assert (await max_.post(f"{path}/repos", {"name": "x"})).status == 201
    assert (await max_.patch(f"{path}/repos/x", {"name": "y"})).status == 200
    assert (await max_.delete(f"{path}/repos/y")).status == 200


async def test_a_key_registers_a_repository_and_changes_nothing_else(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    key = await people.with_key(ada)
    assert (await key.post(f"{path}/repos", {"name": "linux"})).status == 201
    refused = [
        await key.post("/projects", {"slug": "other", "name": "Other"}),
        await key.patch(path, {"name": "x"}),
        await key.delete(path),
        await key.post(f"{path}/members", {"user_id": str(uuid4())}),
        await key.patch(f"{path}/members/{uuid4()}", {"role": "member"}),
        await key.delete(f"{path}/members/{uuid4()}"),
        await key.patch(f"{path}/repos/linux", {"name": "x"}),
        await key.delete(f"{path}/repos/linux"),
    ]
    assert {(answer.status, answer.json["code"]) for answer in refused} == {(403, "session_required")}


async def test_reading_commits_and_people_needs_the_scope_to_read(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await make_repo(ada, path)
    pushing = await people.with_key(ada, [Scope.SYNC_COMMITS])
    reading = await people.with_key(ada, [Scope.READ_REPOS])
    for address in (f"{path}/members", f"{path}/repos/linux/commits"):
        assert (await reading.get(address)).status == 200
        answer = await pushing.get(address)
        assert (answer.status, answer.json["code"]) == (403, "insufficient_scope")
    assert (await reading.post(f"{path}/repos", {"name": "x"})).json["code"] == "insufficient_scope"


@pytest.mark.parametrize("scopes", [[Scope.SYNC_COMMITS], [Scope.READ_REPOS]], ids=["pushing", "reading"])
async def test_a_key_with_either_scope_lists_where_its_owner_pushes(people: People, scopes: list[Scope]) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    for name in ("linux", "git"):
        await make_repo(ada, path, name)
    key = await people.with_key(ada, scopes)
    assert _slugs(await key.get("/projects")) == ["team"]
    assert (await key.get(path)).json["repo_count"] == 2
    assert _names(await key.get(f"{path}/repos")) == ["git", "linux"]
    assert (await key.get(f"{path}/repos/git")).json["name"] == "git"


async def test_a_key_that_only_pushes_lists_nothing_that_its_owner_may_only_read(people: People) -> None:
    ada, chef = await people.make("ada"), await people.make("chef", Role.COMMISSIONER)
    read, pushed = await make_project(ada, "read"), await make_project(ada, "pushed")
    await make_repo(ada, read)
    await ada.post(f"{read}/members", {"user_id": str(chef.id)})
    await ada.post(f"{pushed}/members", {"user_id": str(chef.id), "role": "maintainer"})
    key = await people.with_key(chef, [Scope.SYNC_COMMITS])
    assert _slugs(await chef.get("/projects")) == ["pushed", "read"]
    assert _slugs(await key.get("/projects")) == ["pushed"]
    assert (await key.get(f"{pushed}/repos")).status == 200
    for address in (read, f"{read}/repos", f"{read}/repos/linux"):
        answer = await key.get(address)
        assert (answer.status, answer.json["code"]) == (403, "insufficient_scope")


async def test_a_restricted_key_sees_its_repositories_and_nothing_else(people: People) -> None:
    ada = await people.make("ada", Role.COMMISSIONER)
    path, other = await make_project(ada), await make_project(ada, "other")
    mine = await make_repo(ada, path, "mine")
    await make_repo(ada, path, "hidden")
    await make_repo(ada, other, "elsewhere")
    await ada.post(f"/sync{path}/repos/hidden/commits", batch(*numbered(3)))
    key = await people.with_key(ada, repo_ids=[UUID(mine["id"])])
    projects = (await key.get("/projects")).json["items"]
    assert [(project["slug"], project["repo_count"], project["total_commits"]) for project in projects] == [
        ("team", 1, 0)
    ]
    assert (await key.get(path)).json == projects[0]
    assert [repo["name"] for repo in (await key.get(f"{path}/repos")).json["items"]] == ["mine"]
    hidden = [
        other,
        f"{other}/repos",
        f"{other}/repos/elsewhere",
        f"{path}/repos/hidden",
        f"{path}/repos/hidden/commits",
    ]
    assert [(await key.get(address)).status for address in hidden] == [404] * 5
    assert (await key.get(f"{path}/members")).status == 403
    assert (await key.post(f"{path}/repos", {"name": "new"})).status == 403


def _slugs(answer: Answer) -> list[str]:
    return [project["slug"] for project in answer.json["items"]]


def _names(answer: Answer) -> list[str]:
    return [repo["name"] for repo in answer.json["items"]]
