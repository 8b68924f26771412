"""A key is replaced by a new one, and for a while both work."""

from tests.support.api import Api
from tests.support.database import audited, execute, rows
from tests.support.people import Person, make_key, make_project, make_repo, use_key
from tgl_server.db.engine import Database


async def test_both_keys_work_until_the_overlap_is_over(owner: Person, anyone: Api, database: Database) -> None:
    repo_id = (await make_repo(owner, await make_project(owner)))["id"]
    wanted = {"scopes": "read:repos", "repo_ids": [repo_id], "networks": ["127.0.0.0/8"]}
    old = await make_key(owner, expires_in_days=10, **wanted)
    answer = await owner.post(f"/api-keys/{old['id']}/rotate", {"overlap_minutes": 5})
    assert answer.status == 201
    new = answer.json
    same = ("name", "scopes", "repo_ids", "networks")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert new["full_key"] != old["full_key"]
    assert [(await use_key(anyone, key)).status for key in (old, new)] == [200, 200]
    listed = (await owner.get(f"/api-keys/{old['id']}")).json
    assert (listed["rotated_to"], listed["state"]) == (new["id"], "active")
    await execute(
        database, "UPDATE api_keys SET expires_at = expires_at - interval '5 minutes' WHERE id = :id", id=old["id"]
    )
    assert [(await use_key(anyone, key)).status for key in (old, new)] == [401, 200]
    assert (await owner.get(f"/api-keys/{old['id']}")).json["state"] == "expired"
    (row,) = await audited(database, "api_key:rotated")
    assert (row.resource_id, row.details["rotated_to"]) == (old["id"], new["id"])


async def test_a_new_key_lives_as_long_as_the_old_one_was_made_to(ada: Person, database: Database) -> None:
    old = await make_key(ada, expires_in_days=10)
    await execute(
        database,
        "UPDATE api_keys SET created_at = created_at - interval '9 days', expires_at = expires_at - interval '9 days'",
    )
    new = (await ada.post(f"/api-keys/{old['id']}/rotate", {})).json
    (days,) = await rows(
        database,
        "SELECT round(extract(epoch FROM expires_at - now()) / 86400) AS left FROM api_keys WHERE id = :id",
        id=new["id"],
    )
    assert days.left == 10


async def test_a_rotation_without_overlap_or_body(ada: Person, anyone: Api) -> None:
    old = await make_key(ada)
    new = (await ada.post(f"/api-keys/{old['id']}/rotate", {"overlap_minutes": 0})).json
    assert [(await use_key(anyone, key)).status for key in (old, new)] == [401, 200]
    newest = await ada.api.request("POST", f"/api/v1/api-keys/{new['id']}/rotate")
    assert newest.status == 201
    assert (await use_key(anyone, new)).status == 200


async def test_a_key_is_rotated_once(ada: Person, database: Database) -> None:
    old = await make_key(ada)
    path = f"/api-keys/{old['id']}"
    assert (await ada.post(f"{path}/rotate", {})).status == 201
    again = await ada.post(f"{path}/rotate", {})
    assert (again.status, again.json["code"]) == (409, "conflict")
    assert len(await rows(database, "SELECT id FROM api_keys")) == 2
    paused = await make_key(ada)
    await ada.patch(f"/api-keys/{paused['id']}", {"is_active": False})
    assert (await ada.post(f"/api-keys/{paused['id']}/rotate", {})).status == 409
