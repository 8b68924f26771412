"""What a commissioner does with accounts."""

import asyncio
from uuid import uuid4

import pytest

from tests.support.database import audited, execute, rows
from tests.support.people import People, Person
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database


async def test_users_are_listed_newest_first_in_pages(boss: Person, people: People) -> None:
    for name in ("ada", "grace", "barbara"):
        await people.make(name)
    first = (await boss.get("/users?limit=3")).json
    assert [user["email"] for user in first["items"]] == [
        "barbara@example.com",
        "grace@example.com",
        "ada@example.com",
    ]
    rest = (await boss.get(f"/users?limit=3&cursor={first['next_cursor']}")).json
    assert [user["email"] for user in rest["items"]] == ["boss@example.com"]
    assert rest["next_cursor"] is None
    assert "password_hash" not in rest["items"][0]


async def test_users_are_listed_by_state(boss: Person, people: People) -> None:
    ada = await people.make("ada")
    await people.set_state(ada, "retired")
    retired = (await boss.get("/users?state=retired")).json["items"]
    assert [user["id"] for user in retired] == [str(ada.id)]
    assert (await boss.get("/users?state=unheard-of")).status == 422
    assert (await boss.get("/users?state=null")).status == 422
    assert (await boss.get("/users?cursor=nonsense")).status == 422


@pytest.mark.parametrize("role", [Role.PLAYER, Role.SPECTATOR])
async def test_only_a_commissioner_sees_or_changes_users(
    boss: Person, people: People, database: Database, role: Role
) -> None:
    other = await people.make("other", role)
    for answer in (await other.get("/users"), await other.patch(f"/users/{other.id}", {"role": "commissioner"})):
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert (await audited(database, "access:refused"))[0].actor_user_id == other.id
    assert (await audited(database, "user:changed"))[0].outcome == "refused"
    (stored,) = await rows(database, "SELECT role FROM users WHERE id = :id", id=other.id)
    assert stored.role == role


async def test_a_commissioners_key_is_no_commissioner(boss: Person, people: People) -> None:
    with_key = await people.with_key(boss)
    answer = await with_key.get("/users")
    assert (answer.status, answer.json["code"]) == (403, "session_required")


async def test_a_role_acts_with_the_next_request(boss: Person, people: People, database: Database) -> None:
    ada = await people.make("ada")
    assert (await ada.get("/users")).status == 403
    changed = await boss.patch(f"/users/{ada.id}", {"role": "commissioner", "display_name": "Countess"})
    assert (changed.json["role"], changed.json["display_name"]) == ("commissioner", "Countess")
    assert (await ada.get("/users")).status == 200
    await boss.patch(f"/users/{ada.id}", {"role": "spectator"})
    assert (await ada.get("/users")).status == 403
    first, _ = await audited(database, "user:changed")
    assert first.details["changed"]["role"] == {"from": "player", "to": "commissioner"}


async def test_a_change_that_changes_nothing_leaves_no_trace(boss: Person, database: Database) -> None:
    assert (await boss.patch(f"/users/{boss.id}", {"role": "commissioner"})).status == 200
    assert (await boss.patch(f"/users/{boss.id}", {})).status == 200
    assert await audited(database, "user:changed") == []


@pytest.mark.parametrize("change", [{"state": "retired"}, {"role": "player"}])
async def test_the_last_commissioner_stays(boss: Person, database: Database, change: dict[str, str]) -> None:
    refused = await boss.patch(f"/users/{boss.id}", change)
    assert (refused.status, refused.json["code"]) == (409, "conflict")
    assert (await boss.get("/users")).status == 200
    (row,) = await audited(database, "user:changed")
    assert (row.outcome, row.resource_id) == ("refused", str(boss.id))


async def test_two_commissioners_who_retire_each_other_at_once_leave_one(
    boss: Person, people: People, database: Database
) -> None:
    other = await people.make("other", Role.COMMISSIONER)
    for _ in range(5):
        await execute(database, "UPDATE users SET state = 'active'")
        await execute(database, "UPDATE auth_sessions SET ended_at = NULL, end_reason = NULL")
        answers = await asyncio.gather(
            boss.patch(f"/users/{other.id}", {"state": "retired"}),
            other.patch(f"/users/{boss.id}", {"state": "retired"}),
        )
        assert sorted(answer.status for answer in answers) in ([200, 401], [200, 409])
        assert len(await rows(database, "SELECT id FROM users WHERE state = 'active'")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"state": "pending"},
        {"role": "owner"},
        {"role": None},
        {"display_name": "nul\x00"},
        {"display_name": "two\nlines"},
        [],
        None,
    ],
)
async def test_what_does_not_validate_is_refused(boss: Person, people: People, change: object) -> None:
    ada = await people.make("ada")
    answer = await boss.patch(f"/users/{ada.id}", change)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")


async def test_nobody_is_not_found(boss: Person) -> None:
    assert (await boss.patch(f"/users/{uuid4()}", {"state": "active"})).json["code"] == "not_found"
    assert (await boss.patch("/users/5", {"state": "active"})).status == 404
