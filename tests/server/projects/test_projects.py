"""Projects: making, seeing, changing, handing over and deleting them."""

from uuid import uuid4

from tests.support.database import end_backend, lost_while_reading
from tests.support.people import People, make_project
from tgl_server.accounts.models import Role


async def test_a_player_makes_a_project_and_owns_it(people: People) -> None:
    ada = await people.make("ada")
    answer = await ada.post(
        "/projects/", {"slug": "platform-team", "name": "Platform team", "description": "all of it"}
    )
    assert answer.status == 201
    found = (await ada.get("/projects/platform-team")).json
    assert found == answer.json
    assert (found["owner_id"], found["owner_name"], found["role"]) == (str(ada.id), "Ada", "owner")
    assert (found["description"], found["repo_count"], found["total_commits"]) == ("all of it", 0, 0)
    assert (await ada.get(f"/projects/{found['id']}")).json == found


async def test_a_spectator_and_a_key_make_no_project(people: People) -> None:
    spectator = await people.make("sven", Role.SPECTATOR)
    player_key = await people.with_key(await people.make("ada"))
    for person in (spectator, player_key):
        answer = await person.post("/projects", {"slug": "team", "name": "Team"})
        assert answer.status == 403
    assert (await spectator.get("/projects")).json == {"items": [], "next_cursor": None, "total": 0}


BAD_FIELDS = [
    ("slug", "Team"), ("slug", "a--b"), ("slug", "-a"), ("slug", "a-"), ("slug", "a\n"), ("slug", ""), ("slug", "ä"),
    ("slug", "a" * 64), ("slug", str(uuid4())), ("slug", uuid4().hex), ("slug", "a\0"), ("slug", None), ("slug", 1),
    ("name", ""), ("name", " "), ("name", "a\nb"), ("name", "a\0b"), ("name", "a\u202eb"), ("name", "x" * 201),
    ("description", "a\0b"), ("description", "x" * 2001), ("name", "\ud800 lone"), ("description", "\udfff"),
]  # fmt: skip


async def test_a_field_that_does_not_validate_is_refused(people: People) -> None:
    ada = await people.make("ada")
    for field, value in BAD_FIELDS:
        answer = await ada.post("/projects", {"slug": "team", "name": "Team", field: value})
        assert (answer.status, answer.json["code"]) == (422, "invalid_body"), (field, value)
    assert (await ada.get("/projects")).json["items"] == []


async def test_the_longest_slug_is_63_characters(people: People) -> None:
    ada = await people.make("ada")
    assert (await ada.post("/projects", {"slug": "a" * 63, "name": "x"})).status == 201
    assert (await ada.get("/projects/" + "a" * 63)).status == 200


async def test_a_taken_slug_is_a_conflict(people: People) -> None:
    ada, ben = await people.make("ada"), await people.make("ben")
    path = await make_project(ada)
    assert (await ben.post("/projects", {"slug": "team", "name": "Mine"})).status == 409
    await make_project(ada, "other")
    answer = await ada.patch("/projects/other", {"slug": "team"})
    assert (answer.status, answer.json["code"]) == (409, "conflict")
    assert (await ada.get(path)).json["name"] == "Team"


async def test_who_is_not_in_a_project_finds_nothing_there(people: People) -> None:
    ada, ben = await people.make("ada"), await people.make("ben")
    path = await make_project(ada)
    unknown = await ben.get("/projects/nothing")
    for answer in (await ben.get(path), await ben.patch(path, {"name": "x"}), await ben.delete(path)):
        assert (answer.status, answer.json["detail"]) == (404, unknown.json["detail"])
    assert (await ben.get("/projects")).json["items"] == []


async def test_a_commissioner_sees_every_project_and_changes_none(people: People) -> None:
    ada, chef = await people.make("ada"), await people.make("chef", Role.COMMISSIONER)
    path = await make_project(ada)
    assert (await chef.get(path)).json["role"] is None
    assert [item["slug"] for item in (await chef.get("/projects")).json["items"]] == ["team"]
    for answer in (await chef.patch(path, {"name": "x"}), await chef.delete(path), await chef.patch(path, {})):
        assert answer.status == 403
    assert (await ada.get(path)).json["name"] == "Team"


async def test_a_member_reads_and_a_maintainer_changes_what_only_the_owner_deletes(people: People) -> None:
    ada, mia, max_ = await people.make("ada"), await people.make("mia"), await people.make("max")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    await ada.post(f"{path}/members", {"user_id": str(max_.id), "role": "maintainer"})
    assert (await mia.get(path)).json["role"] == "member"
    assert (await mia.patch(path, {"name": "Mine"})).status == 403
    answer = await max_.patch(path, {"name": "Ours", "description": "new"})
    assert (answer.status, answer.json["name"], answer.json["role"]) == (200, "Ours", "maintainer")
    assert (await mia.delete(path)).status == (await max_.delete(path)).status == 403
    assert (await ada.delete(path)).json["repos"] == 0
    assert (await ada.get(path)).status == 404


async def test_a_new_slug_keeps_the_id(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    before = (await ada.get(path)).json
    after = (await ada.patch(path, {"slug": "crew"})).json
    assert after == {**before, "slug": "crew"}
    assert (await ada.get(path)).status == 404
    assert (await ada.get("/projects/crew")).json == after


async def test_fields_that_are_not_named_stay(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    before = (await ada.get(path)).json
    assert (await ada.patch(path, {})).json == before
    assert (await ada.patch(path, {"name": None})).status == 422
    assert (await ada.get(path)).json == before


async def test_the_owner_hands_a_project_over_and_becomes_a_maintainer(people: People) -> None:
    ada, ben = await people.make("ada"), await people.make("ben")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(ben.id)})
    answer = await ada.patch(path, {"owner_id": str(ben.id)})
    assert (answer.status, answer.json["owner_id"], answer.json["role"]) == (200, str(ben.id), "maintainer")
    assert (await ben.get(path)).json["role"] == "owner"
    members = (await ben.get(f"{path}/members")).json["items"]
    assert [(member["user_id"], member["role"]) for member in members] == [(str(ada.id), "maintainer")]


async def test_a_commissioner_hands_over_the_project_of_someone_who_left(people: People) -> None:
    ada, ben, chef = await people.make("ada"), await people.make("ben"), await people.make("chef", Role.COMMISSIONER)
    path = await make_project(ada)
    await people.set_state(ada, "retired")
    assert (await chef.patch(path, {"owner_id": str(ben.id), "name": "x"})).status == 403
    assert (await chef.patch(path, {"owner_id": str(ben.id)})).json["owner_id"] == str(ben.id)
    assert (await ben.get(f"{path}/members")).json["items"] == []


async def test_a_project_is_not_handed_to_who_is_not_there(people: People) -> None:
    ada, ben = await people.make("ada"), await people.make("ben")
    path = await make_project(ada)
    await people.set_state(ben, "retired")
    for nobody in (uuid4(), ben.id):
        answer = await ada.patch(path, {"owner_id": str(nobody), "name": "Changed"})
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "owner_id")
    assert (await ada.get(path)).json["name"] == "Team"


async def test_a_maintainer_does_not_hand_a_project_over(people: People) -> None:
    ada, max_ = await people.make("ada"), await people.make("max")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(max_.id), "role": "maintainer"})
    assert (await max_.patch(path, {"owner_id": str(max_.id)})).status == 403
    assert (await ada.get(path)).json["owner_id"] == str(ada.id)


async def test_projects_come_in_pages_by_slug(people: People) -> None:
    ada = await people.make("ada")
    for slug in ("e", "b", "d", "a", "c"):
        await make_project(ada, slug)
    first = (await ada.get("/projects?limit=2")).json
    await make_project(ada, "aa")
    second = (await ada.get(f"/projects?limit=2&cursor={first['next_cursor']}")).json
    third = (await ada.get(f"/projects?limit=2&cursor={second['next_cursor']}")).json
    pages = [[item["slug"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [["a", "b"], ["c", "d"], ["e"]]
    assert third["next_cursor"] is None


async def test_a_page_that_cannot_be_is_refused(people: People) -> None:
    ada = await people.make("ada")
    nul = "cursor=WyJhXHUwMDAwIl0"
    for query in ("limit=0", "limit=201", "limit=x", "cursor=x", "cursor=!!!", "cursor=W10", "cursor=%C3%A4", nul):
        answer = await ada.get(f"/projects?{query}")
        assert (answer.status, answer.json["code"]) == (422, "invalid_parameter"), query


async def test_an_address_that_names_nothing_is_not_found(people: People) -> None:
    ada = await people.make("ada")
    await make_project(ada, "a")
    for address in ("%00", "%ff", "%ed%a0%80", "a%00b", "A", "%F0%9F%92%A9"):
        assert (await ada.get(f"/projects/{address}")).status == 404, address


async def test_a_database_that_goes_away_under_a_row_is_answered_503(people: People, database_url: str) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    with lost_while_reading(database_url, "projects", end_backend, mode="EXCLUSIVE"):
        answer = await ada.patch(path, {"name": "Other"})
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert (await ada.patch(path, {"name": "Other"})).status == 200
