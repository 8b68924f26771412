"""A person's keys over HTTP: made, used, restricted, paused, rotated, revoked; and what the audit log says of it."""

from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.database import audited, execute, rows
from tests.support.people import People, Person, ask, make_key, use_key
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database


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
    me = (await use_key(anyone, key)).json
    assert (me["id"], me["signed_in_with"], me["key_prefix"]) == (str(ada.id), "api_key", key["prefix"])


async def test_the_whole_key_appears_nowhere_again(
    ada: Person, anyone: Api, database: Database, server: RunningServer
) -> None:
    key = await make_key(ada)
    secret = key["full_key"].rpartition("_")[2]
    await use_key(anyone, key)
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


async def test_a_key_is_paused_and_works_again(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada)
    for is_active, status, code in [
        (False, 401, "inactive_api_key"),
        (True, 200, None),
        (False, 401, "inactive_api_key"),
    ]:
        changed = await ada.patch(f"/api-keys/{key['id']}", {"is_active": is_active})
        assert changed.json["state"] == ("active" if is_active else "inactive")
        answer = await use_key(anyone, key)
        assert (answer.status, answer.json.get("code")) == (status, code)
    first, *_ = await audited(database, "api_key:changed")
    assert first.details["changed"]["is_active"] == {"from": True, "to": False}
    assert {row.details["reason"] for row in await audited(database, "api_key:refused")} == {"inactive_api_key"}


async def test_an_expired_key_is_refused_by_name(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada, expires_in_days=1)
    assert (await use_key(anyone, key)).status == 200
    await execute(database, "UPDATE api_keys SET expires_at = now()")
    refused = await use_key(anyone, key)
    assert (refused.status, refused.json["code"]) == (401, "expired_api_key")


async def test_a_revoked_key_stays_revoked(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada)
    path = f"/api-keys/{key['id']}"
    assert [(await ada.delete(path)).status for _ in range(2)] == [200, 200]
    refused = await use_key(anyone, key)
    assert (refused.status, refused.json["code"]) == (401, "revoked_api_key")
    assert (await ada.patch(path, {"is_active": True})).status == 409
    assert (await ada.post(f"{path}/rotate", {})).status == 409
    assert (await ada.get(path)).json["state"] == "revoked"
    assert [row.outcome for row in await audited(database, "api_key:revoked")] == ["success"]


async def test_a_wrong_secret_for_a_known_prefix_is_remembered(ada: Person, anyone: Api, database: Database) -> None:
    known, other = await make_key(ada), await make_key(ada)
    await execute(database, "UPDATE api_keys SET prefix = 'tgl_00000000' WHERE id = :id", id=known["id"])
    await execute(
        database, "UPDATE api_keys SET prefix = :prefix WHERE id = :id", prefix=known["prefix"], id=other["id"]
    )
    refused = await use_key(anyone, known)
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
    unknown = await use_key(anyone, key)
    assert (unknown.status, unknown.json["code"]) == (401, "invalid_api_key")
    assert await audited(database, "api_key:refused") == []


async def test_uses_and_refusals_of_a_key_are_shown_by_day(ada: Person, anyone: Api, database: Database) -> None:
    key = await make_key(ada)
    path = f"/api-keys/{key['id']}"
    assert [(await use_key(anyone, key)).status for _ in range(3)] == [200] * 3
    await ada.patch(path, {"is_active": False})
    assert [(await use_key(anyone, key)).status for _ in range(2)] == [401] * 2
    await execute(
        database,
        "INSERT INTO api_key_days SELECT id, CAST(now() AT TIME ZONE 'UTC' AS date) - ago, 7, ago"
        " FROM api_keys, unnest(ARRAY[29, 30]) ago",
    )

    async def totals() -> tuple[int, int]:
        days = (await ada.get(f"{path}/usage")).json["days"]
        return sum(day["uses"] for day in days), sum(day["refused"] for day in days)

    async def are_written() -> bool:
        return await totals() == (3 + 7, 2 + 29)

    await until(are_written)
    days = (await ada.get(f"{path}/usage")).json["days"]
    assert len(days) == 30
    assert (days[0]["uses"], days[0]["refused"]) == (7, 29)
    assert [day["day"] for day in days] == sorted(day["day"] for day in days)
