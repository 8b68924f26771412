"""Asking for an account, and being let in."""

import pytest

from tests.support.api import Api
from tests.support.database import audited, rows
from tests.support.people import NEWCOMER, PASSWORD, People, ask, log_in, register
from tests.support.servers import RunningServer
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database


async def test_a_newcomer_is_a_pending_player(anyone: Api, database: Database) -> None:
    answer = await register(anyone, "Newcomer@Example.COM", display_name=" Ada ")
    assert answer.status == 201
    assert {name: answer.json[name] for name in ("email", "display_name", "role", "state")} == {
        "email": NEWCOMER,
        "display_name": "Ada",
        "role": "player",
        "state": "pending",
    }
    (stored,) = await rows(database, "SELECT email, password_hash, state FROM users")
    assert (stored.email, stored.state) == (NEWCOMER, "pending")
    assert stored.password_hash.startswith("$argon2id$")


async def test_a_newcomer_may_be_a_spectator_but_no_commissioner(anyone: Api, database: Database) -> None:
    assert (await register(anyone, role="spectator")).json["role"] == "spectator"
    refused = await register(anyone, "boss@example.com", role="commissioner")
    assert refused.status == 422
    assert refused.json["errors"][0]["field"] == "role"
    assert [row.role for row in await rows(database, "SELECT role FROM users")] == ["spectator"]


async def test_no_answer_and_no_log_repeats_the_password(anyone: Api, server: RunningServer) -> None:
    answers = [await register(anyone), await register(anyone), await log_in(anyone), await log_in(anyone, "x@y")]
    assert [answer.status for answer in answers] == [201, 409, 200, 401]
    assert not any(PASSWORD.encode() in answer.body for answer in answers)
    assert PASSWORD not in server.log()


async def test_an_address_is_taken_however_it_is_written(anyone: Api, database: Database) -> None:
    await register(anyone)
    taken = await register(anyone, "NEWCOMER@example.com")
    assert (taken.status, taken.json["code"]) == (409, "conflict")
    assert len(await rows(database, "SELECT id FROM users")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "@example.com"),
        ("email", "a b@example.com"),
        ("email", "a@b@c"),
        ("email", "a\x00@example.com"),
        ("email", "a\n@example.com"),
        ("email", "a" * 310 + "@example.com"),
        ("email", 5),
        ("password", "too short"),
        ("password", "x" * 1025),
        ("password", None),
        ("display_name", "two\nlines"),
        ("display_name", "bell\x07"),
        ("display_name", "nul\x00"),
        ("display_name", "x" * 256),
    ],
)
async def test_what_does_not_validate_is_refused(anyone: Api, database: Database, field: str, value: object) -> None:
    answer = await register(anyone, **{"email": NEWCOMER, field: value})  # type: ignore[arg-type]
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert await rows(database, "SELECT id FROM users") == []


async def test_half_a_surrogate_pair_is_refused(anyone: Api) -> None:
    body = b'{"email": "a@example.com", "password": "correct horse \\ud800 battery"}'
    headers = {"Content-Type": "application/json"}
    answer = await anyone.request("POST", "/api/v1/auth/register", data=body, headers=headers)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")


async def test_a_pending_user_sees_that_they_wait_and_nothing_else(anyone: Api) -> None:
    await register(anyone)
    tokens = (await log_in(anyone)).json
    me = await ask(anyone, tokens["access_token"])
    assert (me.status, me.json["state"]) == (200, "pending")
    for path in ("/users", "/api-keys", "/projects", "/sync/projects/a/repos/b/status"):
        refused = await ask(anyone, tokens["access_token"], path)
        assert (refused.status, refused.json["code"]) == (403, "account_not_active"), path


async def test_a_pending_user_can_log_out(anyone: Api) -> None:
    await register(anyone)
    token = (await log_in(anyone)).json["access_token"]
    assert (await ask(anyone, token, "/auth/logout", "POST")).status == 204
    assert (await ask(anyone, token)).status == 401


async def test_approval_acts_on_the_session_that_waited(anyone: Api, people: People, database: Database) -> None:
    newcomer = (await register(anyone)).json
    token = (await log_in(anyone)).json["access_token"]
    assert (await ask(anyone, token, "/api-keys")).status == 403
    boss = await people.make("boss", Role.COMMISSIONER)
    approved = await boss.patch(f"/users/{newcomer['id']}", {"state": "active"})
    assert (approved.status, approved.json["state"]) == (200, "active")
    assert (await ask(anyone, token, "/api-keys")).status == 200
    (row,) = await audited(database, "user:changed")
    assert (row.outcome, row.details) == ("success", {"changed": {"state": {"from": "pending", "to": "active"}}})
    assert (row.actor_user_id, row.resource_id) == (boss.id, newcomer["id"])


async def test_registration_can_be_switched_off(another_server: RunningServer, database: Database) -> None:
    async with Api(another_server.url) as api:
        answer = await register(api)
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert await rows(database, "SELECT id FROM users") == []
