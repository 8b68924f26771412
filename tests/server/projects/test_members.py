"""Members: who may add, change and remove whom."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.people import People, make_project
from tgl_server.accounts.models import Role


async def test_a_member_is_added_by_address_in_any_case(people: People) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    answer = await ada.post(f"{path}/members", {"email": "MIA@Example.com"})
    assert answer.status == 201
    assert answer.json == {
        "user_id": str(mia.id),
        "display_name": "Mia",
        "email": "mia@example.com",
        "role": "member",
        "is_active": True,
        "created_at": answer.json["created_at"],
    }
    assert (await mia.get(f"{path}/members")).json["items"] == [answer.json]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user_id": str(uuid4())},
        {"user_id": str(uuid4()), "email": "a@example.com"},
        {"user_id": "nobody"},
        {"email": "nobody@example.com"},
        {"email": "a\0@example.com"},
        {"email": ["a"]},
        {"user_id": None},
        {"email": "ben@example.com", "role": "owner"},
    ],
)
async def test_who_is_no_user_does_not_become_a_member(people: People, body: dict[str, Any]) -> None:
    ada, _ = await people.make("ada"), await people.make("ben")
    path = await make_project(ada)
    answer = await ada.post(f"{path}/members", body)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert (await ada.get(f"{path}/members")).json["items"] == []


async def test_retired_and_pending_users_are_refused_like_unknown_ones(people: People) -> None:
    ada, ben = await people.make("ada"), await people.make("ben")
    path = await make_project(ada)
    unknown = await ada.post(f"{path}/members", {"email": "nobody@example.com"})
    for state in ("retired", "pending"):
        await people.set_state(ben, state)
        answer = await ada.post(f"{path}/members", {"email": ben.email})
        assert (answer.status, answer.json["errors"]) == (422, unknown.json["errors"])


async def test_nobody_is_a_member_twice_and_the_owner_is_none(people: People) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    for user_id in (mia.id, ada.id):
        answer = await ada.post(f"{path}/members", {"user_id": str(user_id), "role": "maintainer"})
        assert (answer.status, answer.json["code"]) == (409, "conflict")
    assert [member["role"] for member in (await ada.get(f"{path}/members")).json["items"]] == ["member"]


async def test_a_promoted_member_pushes_and_a_demoted_one_does_not(people: People) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    await ada.post(f"{path}/repos", {"name": "linux"})
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    missing = f"/sync{path}/repos/linux/missing"
    assert (await mia.post(missing, {"shas": []})).status == 403
    answer = await ada.patch(f"{path}/members/{mia.id}", {"role": "maintainer"})
    assert (answer.status, answer.json["role"]) == (200, "maintainer")
    assert (await mia.post(missing, {"shas": []})).status == 200
    await ada.patch(f"{path}/members/{mia.id}", {"role": "member"})
    assert (await mia.post(missing, {"shas": []})).status == 403


async def test_a_removed_member_sees_nothing_any_more(people: People) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    assert (await mia.get(path)).status == 200
    assert (await ada.delete(f"{path}/members/{mia.id}")).status == 200
    assert (await mia.get(path)).status == 404
    assert (await ada.delete(f"{path}/members/{mia.id}")).status == 404


async def test_a_member_may_leave_but_not_remove_another(people: People) -> None:
    ada, mia, moe = await people.make("ada"), await people.make("mia"), await people.make("moe")
    path = await make_project(ada)
    for person in (mia, moe):
        await ada.post(f"{path}/members", {"user_id": str(person.id)})
    assert (await mia.delete(f"{path}/members/{moe.id}")).status == 403
    assert (await mia.post(f"{path}/members", {"email": "x@example.com"})).status == 403
    assert (await mia.patch(f"{path}/members/{mia.id}", {"role": "maintainer"})).status == 403
    assert (await mia.delete(f"{path}/members/{mia.id}")).status == 200
    assert (await mia.get(path)).status == 404


async def test_a_commissioner_reads_members_and_changes_none(people: People) -> None:
    ada, mia, chef = await people.make("ada"), await people.make("mia"), await people.make("chef", Role.COMMISSIONER)
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    assert len((await chef.get(f"{path}/members")).json["items"]) == 1
    assert (await chef.post(f"{path}/members", {"user_id": str(chef.id)})).status == 403
    assert (await chef.delete(f"{path}/members/{mia.id}")).status == 403


async def test_a_retired_member_is_shown_as_not_active(people: People) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    await people.set_state(mia, "retired")
    assert [member["is_active"] for member in (await ada.get(f"{path}/members")).json["items"]] == [False]


async def test_members_come_in_pages(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    for name in ("mia", "moe", "max"):
        await ada.post(f"{path}/members", {"user_id": str((await people.make(name)).id)})
    first = (await ada.get(f"{path}/members?limit=2")).json
    second = (await ada.get(f"{path}/members?limit=2&cursor={first['next_cursor']}")).json
    assert [member["display_name"] for page in (first, second) for member in page["items"]] == ["Mia", "Moe", "Max"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_the_owner_is_told_to_hand_the_project_over_first(people: People, method: str) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    body = {"role": "member"} if method == "PATCH" else None
    answer = await ada.api.request(method, f"/api/v1{path}/members/{ada.id}", json=body)
    assert (answer.status, "hand it over first" in answer.json["detail"]) == (409, True)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_member_id_that_is_none_is_not_found(people: People, method: str) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    body = {"role": "member"} if method == "PATCH" else None
    for user_id in ("nobody", str(uuid4())):
        assert (await ada.api.request(method, f"/api/v1{path}/members/{user_id}", json=body)).status == 404
