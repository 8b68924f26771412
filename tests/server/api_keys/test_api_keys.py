"""A person's keys over HTTP: made, used, restricted, paused, rotated, revoked; and what the audit log says of it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.api import Answer, Api
from tests.commits import batch, commit
from tests.server.asking import ask, audited, execute, rows
from tests.server.people import People, Person
from tests.servers import RunningServer
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database


@pytest.fixture
async def ada(people: People) -> Person:
    return await people.make("ada")


@pytest.fixture
async def owner(people: People) -> Person:
    return await people.make("owner", Role.COMMISSIONER)


@pytest.fixture
async def anyone(server: RunningServer) -> AsyncIterator[Api]:
    async with Api(server.url) as api:
        yield api


async def make_key(person: Person, **wanted: Any) -> dict[str, Any]:
    answer = await person.post("/api-keys/", {"name": "ci", **wanted})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


async def make_repo(owner: Person, slug: str = "demo") -> tuple[str, str]:
    """The id of a repository in a new project of the owner's, and the path of its sync endpoints."""
    await owner.post("/projects", {"slug": slug, "name": slug})
    made = await owner.post(f"/projects/{slug}/repos", {"name": "first"})
    assert made.status == 201, made.body
    return made.json["id"], f"/sync/projects/{slug}/repos/first"


async def use(anyone: Api, key: dict[str, Any], path: str = "/auth/me") -> Answer:
    return await ask(anyone, key["full_key"], path)


async def test_a_key_is_shown_once_and_works_at_once(ada: Person, anyone: Api) -> None:
    answer = await ada.post("/api-keys/", {"name": " ci ", "scopes": "read:repos,sync:commits", "expires_in_days": 30})
    assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
    key = answer.json
    assert key["full_key"].startswith(key["prefix"] + "_")
    assert (key["name"], key["scopes"], key["state"], key["usage_count"]) == (
        "ci",
        "sync:commits,read:repos",
        "active",
        0,
    )
    me = (await use(anyone, key)).json
    assert (me["id"], me["signed_in_with"], me["key_prefix"]) == (str(ada.id), "api_key", key["prefix"])


async def test_the_whole_key_appears_nowhere_again(
    ada: Person, anyone: Api, database: Database, server: RunningServer
) -> None:
    key = await make_key(ada)
    secret = key["full_key"].rpartition("_")[2]
    await use(anyone, key)
    await ask(anyone, key["full_key"][:-1])
    answers = [await ada.get("/api-keys"), await ada.get(f"/api-keys/{key['id']}"), await ada.get("/auth/me")]
    answers.append(await ada.patch(f"/api-keys/{key['id']}", {"name": "other"}))
    assert not any(secret.encode() in answer.body for answer in answers)
    assert secret not in server.log()
    dump = await rows(database, "SELECT k::text AS line FROM api_keys k UNION ALL SELECT a::text FROM audit_logs a")
    assert not any(secret in row.line for row in dump)
    (stored,) = await rows(database, "SELECT key_hash FROM api_keys")
    assert stored.key_hash.startswith("$argon2id$")


async def test_keys_are_listed_newest_first_whatever_their_state(ada: Person, database: Database) -> None:
    made = {state: await make_key(ada, name=state) for state in ("active", "inactive", "expired", "revoked")}
    await ada.patch(f"/api-keys/{made['inactive']['id']}", {"is_active": False})
    await ada.delete(f"/api-keys/{made['revoked']['id']}")
    await execute(database, "UPDATE api_keys SET expires_at = now() WHERE name = 'expired'")
    first = (await ada.get("/api-keys?limit=3")).json
    rest = (await ada.get(f"/api-keys?limit=3&cursor={first['next_cursor']}")).json
    assert [(key["name"], key["state"]) for key in first["items"] + rest["items"]] == [
        (state, state) for state in ("revoked", "expired", "inactive", "active")
    ]
    assert rest["next_cursor"] is None


async def test_keys_of_others_are_not_there(ada: Person, people: People, database: Database) -> None:
    grace = await people.make("grace", Role.COMMISSIONER)
    path = f"/api-keys/{(await make_key(ada))['id']}"
    answers = [
        await grace.get(path),
        await grace.patch(path, {"is_active": False}),
        await grace.delete(path),
        await grace.post(f"{path}/rotate", {}),
    ]
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(404, "not_found")] * 4
    assert (await grace.get("/api-keys")).json["items"] == []
    (stored,) = await rows(database, "SELECT is_active, revoked_at, rotated_to FROM api_keys")
    assert (stored.is_active, stored.revoked_at, stored.rotated_to) == (True, None, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "action"),
    [
        ("POST", "/api-keys", {"name": "child"}, "api_key:created"),
        ("GET", "/api-keys", None, "api_key:refused"),
        ("GET", "/api-keys/{id}", None, "api_key:refused"),
        ("PATCH", "/api-keys/{id}", {"is_active": True}, "api_key:changed"),
        ("DELETE", "/api-keys/{id}", None, "api_key:revoked"),
        ("POST", "/api-keys/{id}/rotate", None, "api_key:rotated"),
        ("POST", "/auth/password", {"current_password": "x", "new_password": "x" * 12}, "user:password_changed"),
        ("POST", "/auth/logout", None, "api_key:refused"),
    ],
)
async def test_a_key_can_neither_make_nor_change_a_key_nor_act_for_its_owner(
    ada: Person, anyone: Api, database: Database, method: str, path: str, body: object, action: str
) -> None:
    key = await make_key(ada)
    answer = await ask(anyone, key["full_key"], path.format(id=key["id"]), method, json=body)
    assert (answer.status, answer.json["code"]) == (403, "session_required")
    refused = [row for row in await audited(database, action) if row.outcome == "refused"]
    assert [(str(row.actor_key_id), row.details["reason"]) for row in refused] == [(key["id"], "session_required")]
    assert len(await rows(database, "SELECT id FROM api_keys")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "x" * 101),
        ("name", "nul\x00"),
        ("name", "two\nlines"),
        ("name", None),
        ("scopes", "admin"),
        ("scopes", []),
        ("scopes", 5),
        ("expires_in_days", 0),
        ("expires_in_days", 366),
        ("expires_in_days", "30"),
        ("expires_in_days", True),
        ("repo_ids", []),
        ("repo_ids", ["first"]),
        ("repo_ids", [str(uuid4())]),
        ("networks", []),
        ("networks", ["10.0.0.1/8"]),
    ],
)
async def test_what_does_not_validate_is_refused_and_remembered(
    ada: Person, database: Database, field: str, value: object
) -> None:
    answer = await ada.post("/api-keys/", {"name": "ci", field: value})
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert await rows(database, "SELECT id FROM api_keys") == []
    (row,) = await audited(database, "api_key:created")
    assert (row.outcome, row.actor_user_id, row.details["reason"]) == ("refused", ada.id, "invalid_body")


async def test_a_key_without_the_scope_is_refused_and_remembered(
    owner: Person, anyone: Api, database: Database
) -> None:
    _, path = await make_repo(owner)
    reader = await make_key(owner, scopes=["read:repos"])
    assert (await use(anyone, reader, f"{path}/status")).status == 200
    push = await ask(anyone, reader["full_key"], f"{path}/commits", "POST", json=batch(commit()))
    assert (push.status, push.json["code"]) == (403, "insufficient_scope")
    assert await rows(database, "SELECT sha FROM commits") == []
    (row,) = await audited(database, "api_key:refused")
    assert (row.resource_id, row.details["reason"]) == (reader["id"], "insufficient_scope")


async def test_a_key_for_some_repositories_does_not_see_the_others(
    owner: Person, anyone: Api, database: Database
) -> None:
    (repo_id, path), (_, other_path) = await make_repo(owner), await make_repo(owner, "other")
    key = await make_key(owner, repo_ids=[repo_id, repo_id])
    assert (await use(anyone, key, f"{path}/status")).status == 200
    beyond = await use(anyone, key, f"{other_path}/status")
    assert (beyond.status, beyond.json["code"]) == (404, "not_found")
    (row,) = await audited(database, "api_key:refused")
    assert (row.resource_id, row.details["reason"]) == (key["id"], "not_found")
    assert (await use(anyone, key)).json["key_repo_ids"] == [repo_id]


async def test_only_repositories_that_the_user_sees_can_be_named(owner: Person, ada: Person) -> None:
    repo_id, _ = await make_repo(owner)
    wanted = {"name": "ci", "repo_ids": [repo_id]}
    hidden = await ada.post("/api-keys", wanted)
    assert (hidden.status, hidden.json["errors"][0]["field"]) == (422, "repo_ids[0]")
    assert (await owner.post("/projects/demo/members", {"email": ada.email, "role": "member"})).status == 201
    assert (await ada.post("/api-keys", wanted)).json["repo_ids"] == [repo_id]


async def test_a_key_works_from_its_networks_alone(ada: Person, anyone: Api, database: Database) -> None:
    inside = await make_key(ada, networks=["127.0.0.0/8", "::1"])
    outside = await make_key(ada, networks=["203.0.113.0/24"])
    assert inside["networks"] == ["127.0.0.0/8", "::1/128"]
    assert (await use(anyone, inside)).status == 200
    refused = await use(anyone, outside)
    assert (refused.status, refused.json["code"]) == (403, "network_not_allowed")
    (row,) = await audited(database, "api_key:refused")
    assert (row.resource_id, row.details["reason"]) == (outside["id"], "network_not_allowed")


async def test_a_key_is_paused_and_works_again(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada)
    for is_active, status, code in [
        (False, 401, "inactive_api_key"),
        (True, 200, None),
        (False, 401, "inactive_api_key"),
    ]:
        changed = await ada.patch(f"/api-keys/{key['id']}", {"is_active": is_active})
        assert changed.json["state"] == ("active" if is_active else "inactive")
        answer = await use(anyone, key)
        assert (answer.status, answer.json.get("code")) == (status, code)
    first, *_ = await audited(database, "api_key:changed")
    assert first.details["is_active"] == {"from": True, "to": False}
    assert {row.details["reason"] for row in await audited(database, "api_key:refused")} == {"inactive_api_key"}


async def test_an_expired_key_is_refused_by_name(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada, expires_in_days=1)
    assert (await use(anyone, key)).status == 200
    await execute(database, "UPDATE api_keys SET expires_at = now()")
    refused = await use(anyone, key)
    assert (refused.status, refused.json["code"]) == (401, "expired_api_key")


async def test_a_revoked_key_stays_revoked(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada)
    path = f"/api-keys/{key['id']}"
    assert [(await ada.delete(path)).status for _ in range(2)] == [204, 204]
    refused = await use(anyone, key)
    assert (refused.status, refused.json["code"]) == (401, "revoked_api_key")
    assert (await ada.patch(path, {"is_active": True})).status == 409
    assert (await ada.post(f"{path}/rotate", {})).status == 409
    assert (await ada.get(path)).json["state"] == "revoked"
    assert [row.outcome for row in await audited(database, "api_key:revoked")] == ["success"]


async def test_scopes_can_become_fewer_and_never_more(ada: Person, anyone: Api) -> None:
    key = await make_key(ada)
    path = f"/api-keys/{key['id']}"
    assert (await ada.patch(path, {"scopes": "read:repos"})).json["scopes"] == "read:repos"
    assert (await use(anyone, key)).json["scopes"] == "read:repos"
    widened = await ada.patch(path, {"scopes": ["read:repos", "sync:commits"]})
    assert (widened.status, widened.json["errors"][0]["field"]) == (422, "scopes")
    assert (await use(anyone, key)).json["scopes"] == "read:repos"


async def test_both_keys_work_until_the_overlap_is_over(owner: Person, anyone: Api, database: Database) -> None:
    repo_id, _ = await make_repo(owner)
    wanted = {"scopes": "read:repos", "repo_ids": [repo_id], "networks": ["127.0.0.0/8"]}
    old = await make_key(owner, expires_in_days=10, **wanted)
    answer = await owner.post(f"/api-keys/{old['id']}/rotate", {"overlap_minutes": 5})
    assert answer.status == 201
    new = answer.json
    same = ("name", "scopes", "repo_ids", "networks")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert new["full_key"] != old["full_key"]
    assert [(await use(anyone, key)).status for key in (old, new)] == [200, 200]
    listed = (await owner.get(f"/api-keys/{old['id']}")).json
    assert (listed["rotated_to"], listed["state"]) == (new["id"], "active")
    await execute(
        database, "UPDATE api_keys SET expires_at = expires_at - interval '5 minutes' WHERE id = :id", id=old["id"]
    )
    assert [(await use(anyone, key)).status for key in (old, new)] == [401, 200]
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
    assert [(await use(anyone, key)).status for key in (old, new)] == [401, 200]
    newest = await ada.api.request("POST", f"/api/v1/api-keys/{new['id']}/rotate")
    assert newest.status == 201
    assert (await use(anyone, new)).status == 200


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


async def test_a_wrong_secret_for_a_known_prefix_is_remembered(ada: Person, anyone: Api, database: Database) -> None:
    known, other = await make_key(ada), await make_key(ada)
    await execute(database, "UPDATE api_keys SET prefix = 'tgl_00000000' WHERE id = :id", id=known["id"])
    await execute(
        database, "UPDATE api_keys SET prefix = :prefix WHERE id = :id", prefix=known["prefix"], id=other["id"]
    )
    refused = await use(anyone, known)
    assert (refused.status, refused.json["code"]) == (401, "invalid_api_key")
    (row,) = await audited(database, "api_key:refused")
    assert (row.resource_id, row.details) == (
        other["id"],
        {"prefix": known["prefix"], "reason": "invalid_api_key"},
    )


async def test_a_typo_and_an_unknown_key_are_told_apart(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada)
    typo = await ask(anyone, key["full_key"][:-1] + ("A" if key["full_key"][-1] != "A" else "B"))
    assert (typo.status, typo.json["code"]) == (401, "malformed_api_key")
    await execute(database, "DELETE FROM api_keys")
    unknown = await use(anyone, key)
    assert (unknown.status, unknown.json["code"]) == (401, "invalid_api_key")
    assert await audited(database, "api_key:refused") == []
