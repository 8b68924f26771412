"""What is made has an address, and what is deleted is shown once more."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.documented import DOCUMENT
from tests.support.people import People, Person, make_key, make_project, make_repo, register
from tgl_server.accounts.models import Role

OPERATIONS = [
    (method, operation) for operations in DOCUMENT["paths"].values() for method, operation in operations.items()
]
#: Their answers hold all there is to see.
WHOLE = {"push_commits", "stream_commits", "strike_change"}


def test_every_operation_that_makes_something_promises_its_address() -> None:
    answers = {operation["operationId"]: operation["responses"].get("201") for _, operation in OPERATIONS}
    assert {name for name, made in answers.items() if made and "Location" not in made["headers"]} == WHOLE


@pytest.mark.parametrize("operation", [operation for method, operation in OPERATIONS if method == "delete"])
def test_every_delete_promises_to_show_what_is_gone(operation: dict[str, Any]) -> None:
    assert [status for status in operation["responses"] if status < "300"] == ["200"]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]


async def test_what_is_made_is_found_at_its_address(people: People, ada: Person, boss: Person, anyone: Api) -> None:
    path = await make_project(ada)
    rotated = (await make_key(ada))["id"]
    made = [
        await ada.post("/projects", {"slug": "other", "name": "Other"}),
        await ada.post(f"{path}/repos", {"name": "linux"}),
        await ada.post(f"{path}/members", {"email": boss.email}),
        await ada.post("/api-keys/", {"name": "ci"}),
        await ada.post(f"/api-keys/{rotated}/rotate", {}),
        await register(anyone),
    ]
    assert [answer.status for answer in made] == [201] * len(made)
    for answer in made:
        caller = boss if "/users/" in answer.headers["Location"] else ada
        found = await caller.api.get(answer.headers["Location"])
        shown = {name: value for name, value in answer.json.items() if name != "full_key"}
        assert (found.status, found.json) == (200, shown)


async def test_an_address_outlives_the_name(ada: Person) -> None:
    repo = await ada.post(f"{await make_project(ada)}/repos", {"name": "linux"})
    await ada.patch("/projects/team", {"slug": "crew"})
    await ada.patch("/projects/crew/repos/linux", {"name": "kernel"})
    assert (await ada.api.get(repo.headers["Location"])).json["name"] == "kernel"


async def test_what_is_refused_has_no_address(ada: Person) -> None:
    await make_project(ada)
    assert "Location" not in (await ada.post("/projects", {"slug": "team", "name": "Team"})).headers


async def test_a_delete_shows_what_is_gone(people: People, ada: Person) -> None:
    path, mia = await make_project(ada), await people.make("mia", Role.SPECTATOR)
    await ada.post(f"{path}/members", {"email": mia.email})
    repo, key = await make_repo(ada, path), await make_key(ada)
    gone = [
        await ada.delete(f"{path}/members/{mia.id}"),
        await ada.delete(f"/api-keys/{key['id']}"),
        await ada.delete(f"{path}/repos/linux"),
        await ada.delete(path),
    ]
    assert [answer.status for answer in gone] == [200] * len(gone)
    member, revoked, deleted_repo, deleted_project = (answer.json for answer in gone)
    assert (member["email"], revoked["state"]) == (mia.email, "revoked")
    assert (deleted_repo["repo_id"], deleted_project["repos"]) == (repo["id"], 0)
