"""Logging in, refreshing and logging out; what ended a session acts with the next request."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.api import Answer, Api
from tests.support.database import audited, execute, rows
from tests.support.people import PASSWORD, People, Person, ask, log_in, refresh
from tests.support.servers import RunningServer
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database


def without_id(answer: Answer) -> dict[str, object]:
    return {name: value for name, value in answer.json.items() if name != "request_id"}


async def test_a_session_has_an_access_token_for_thirty_minutes(anyone: Api, ada: Person) -> None:
    answer = await log_in(anyone, "ADA@example.com")
    assert answer.status == 200
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("bearer", 1800)
    assert answer.headers["Cache-Control"] == "no-store"
    me = (await ask(anyone, answer.json["access_token"])).json
    assert (me["id"], me["signed_in_with"], me["key_id"]) == (str(ada.id), "session", None)
    assert me["scopes"] == "sync:commits,read:repos,read:league"


async def test_one_answer_for_a_wrong_password_no_account_and_no_password(
    anyone: Api, ada: Person, people: People, database: Database
) -> None:
    keys_only = await people.make("keys-only")
    await execute(database, "UPDATE users SET password_hash = NULL WHERE id = :id", id=keys_only.id)
    answers = [
        await log_in(anyone, ada.email, "not the password"),
        await log_in(anyone, "nobody@example.com"),
        await log_in(anyone, keys_only.email),
        await log_in(anyone, "nul\x1f@example.com"),
        await log_in(anyone, ""),
    ]
    assert without_id(answers[0])["code"] == "invalid_credentials"
    assert all(answer.status == 401 and without_id(answer) == without_id(answers[0]) for answer in answers)
    assert {tuple(sorted(answer.headers)) for answer in answers} == {tuple(sorted(answers[0].headers))}


async def test_every_refused_login_is_in_the_audit_log_without_what_was_typed(
    anyone: Api, ada: Person, database: Database
) -> None:
    await log_in(anyone, ada.email, "not the password")
    await log_in(anyone, "typed-a-password-here@example.com")
    known, unknown = await audited(database, "session:refused")
    assert (known.outcome, known.resource_id, known.details) == (
        "refused",
        str(ada.id),
        {"reason": "invalid_credentials"},
    )
    assert (unknown.resource_id, unknown.details) == (None, {"reason": "invalid_credentials"})


async def test_an_outdated_hash_is_renewed_at_the_next_login(
    anyone: Api, ada: Person, start_server: Callable[..., RunningServer], database: Database
) -> None:
    (before,) = await rows(database, "SELECT password_hash FROM users")
    stronger = start_server(argon2_time_cost=2, argon2_memory_kib=2048)
    async with Api(stronger.url) as api:
        assert (await log_in(api, ada.email, "not the password")).status == 401
        assert await rows(database, "SELECT password_hash FROM users") == [before]
        assert (await log_in(api, ada.email)).status == 200
    (after,) = await rows(database, "SELECT password_hash FROM users")
    assert after.password_hash.startswith("$argon2id$v=19$m=2048,t=2,p=1$")
    assert (await log_in(anyone, ada.email)).status == 200


async def test_a_refresh_token_gives_the_next_one(anyone: Api, ada: Person, database: Database) -> None:
    first = (await log_in(anyone, ada.email)).json
    second = await refresh(anyone, first["refresh_token"])
    assert second.status == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    assert second.json["refresh_expires_at"] == first["refresh_expires_at"]
    assert (await ask(anyone, second.json["access_token"])).status == 200
    assert (await ask(anyone, first["access_token"])).status == 200
    assert (await refresh(anyone, second.json["refresh_token"])).status == 200


async def test_only_the_hash_of_a_refresh_token_is_stored(anyone: Api, ada: Person, database: Database) -> None:
    token = (await log_in(anyone, ada.email)).json["refresh_token"]
    stored = [row.token_hash for row in await rows(database, "SELECT token_hash FROM refresh_tokens")]
    assert hashlib.sha256(token.encode()).digest() in stored
    dump = await rows(
        database, "SELECT t::text AS line FROM refresh_tokens t UNION ALL SELECT a::text FROM audit_logs a"
    )
    assert not any(token in row.line for row in dump)


@pytest.mark.parametrize("token", ["tglr_unknown", "", "tgl_abcdefgh_x", "ünknown"])
async def test_an_unknown_refresh_token_is_refused(anyone: Api, token: str) -> None:
    answer = await refresh(anyone, token)
    assert (answer.status, answer.json["code"]) == (401, "invalid_credentials")


async def test_a_refresh_token_is_no_access_token(anyone: Api, ada: Person) -> None:
    tokens = (await log_in(anyone, ada.email)).json
    assert (await ask(anyone, tokens["refresh_token"])).json["code"] == "invalid_credentials"
    assert (await refresh(anyone, tokens["access_token"])).status == 422


async def test_a_session_ends_when_its_time_is_over(anyone: Api, ada: Person, database: Database) -> None:
    tokens = (await log_in(anyone, ada.email)).json
    await execute(database, "UPDATE auth_sessions SET expires_at = now() - interval '1 second'")
    assert (await ask(anyone, tokens["access_token"])).json["code"] == "session_ended"
    assert (await refresh(anyone, tokens["refresh_token"])).json["code"] == "session_ended"


async def test_a_session_is_forgotten_when_it_is_over_and_its_network_too(
    anyone: Api, ada: Person, database: Database
) -> None:
    await log_in(anyone, ada.email)
    await execute(database, "UPDATE auth_sessions SET expires_at = now() - interval '1 second'")
    await log_in(anyone, ada.email)
    assert len(await rows(database, "SELECT id FROM auth_sessions")) == 3
    await execute(database, "UPDATE auth_sessions SET created_at = now() - interval '31 days'")
    await log_in(anyone, ada.email)
    left = await rows(database, "SELECT expires_at > now() AS is_open FROM auth_sessions")
    assert [row.is_open for row in left] == [True, True]


async def test_logging_out_ends_this_session_at_once_and_no_other(anyone: Api, ada: Person, database: Database) -> None:
    tokens, other = (await log_in(anyone, ada.email)).json, (await log_in(anyone, ada.email)).json
    assert (await ask(anyone, tokens["access_token"], "/auth/logout", "POST")).status == 204
    assert (await ask(anyone, tokens["access_token"])).json["code"] == "session_ended"
    assert (await refresh(anyone, tokens["refresh_token"])).json["code"] == "session_ended"
    assert (await ask(anyone, other["access_token"])).status == 200
    (row,) = await audited(database, "session:ended")
    assert (row.details, row.actor_user_id) == ({"reason": "logged_out"}, ada.id)


async def test_logging_out_in_one_process_acts_in_another(
    anyone: Api, ada: Person, another_server: RunningServer
) -> None:
    token = (await log_in(anyone, ada.email)).json["access_token"]
    async with Api(another_server.url) as elsewhere:
        assert (await ask(elsewhere, token)).status == 200
        await ask(anyone, token, "/auth/logout", "POST")
        assert (await ask(elsewhere, token)).status == 401


async def test_a_retired_user_is_out_at_once_and_cannot_come_back(
    anyone: Api, ada: Person, people: People, database: Database
) -> None:
    boss = await people.make("boss", Role.COMMISSIONER)
    with_key = await people.with_key(ada)
    tokens = (await log_in(anyone, ada.email)).json
    assert (await boss.patch(f"/users/{ada.id}", {"state": "retired"})).status == 200
    assert (await ask(anyone, tokens["access_token"])).json["code"] == "session_ended"
    assert (await refresh(anyone, tokens["refresh_token"])).json["code"] == "session_ended"
    assert (await with_key.get("/auth/me")).json["code"] == "account_not_active"
    assert (await log_in(anyone, ada.email)).json["code"] == "account_not_active"
    assert (await log_in(anyone, ada.email, "not the password")).json["code"] == "invalid_credentials"
    reasons = await rows(database, "SELECT DISTINCT end_reason FROM auth_sessions WHERE user_id = :id", id=ada.id)
    assert [row.end_reason for row in reasons] == ["retired"]


async def test_who_was_retired_and_is_brought_back_logs_in_anew(anyone: Api, ada: Person, people: People) -> None:
    boss = await people.make("boss", Role.COMMISSIONER)
    token = (await log_in(anyone, ada.email)).json["access_token"]
    for state in ("retired", "active"):
        await boss.patch(f"/users/{ada.id}", {"state": state})
    assert (await ask(anyone, token)).status == 401
    assert (await log_in(anyone, ada.email)).status == 200


async def test_a_new_password_ends_the_other_sessions(anyone: Api, ada: Person, database: Database) -> None:
    other = (await log_in(anyone, ada.email)).json
    change = {"current_password": PASSWORD, "new_password": "another battery staple"}
    assert (await ada.post("/auth/password", change)).status == 204
    assert (await ada.get("/auth/me")).status == 200
    assert (await ask(anyone, other["access_token"])).json["code"] == "session_ended"
    assert (await log_in(anyone, ada.email)).status == 401
    assert (await log_in(anyone, ada.email, "another battery staple")).status == 200
    (row,) = await audited(database, "user:password_changed")
    assert (row.outcome, row.actor_user_id) == ("success", ada.id)


async def test_a_wrong_current_password_changes_nothing(anyone: Api, ada: Person, database: Database) -> None:
    change = {"current_password": "not the password", "new_password": "another battery staple"}
    refused = await ada.post("/auth/password", change)
    assert (refused.status, refused.json["code"]) == (403, "wrong_password")
    assert (await log_in(anyone, ada.email)).status == 200
    (row,) = await audited(database, "user:password_changed")
    assert (row.outcome, row.details["reason"]) == ("refused", "wrong_password")


async def test_a_short_new_password_is_refused(ada: Person) -> None:
    answer = await ada.post("/auth/password", {"current_password": PASSWORD, "new_password": "short"})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "new_password")


async def test_servers_without_a_secret_agree_on_the_one_they_keep(
    ada: Person, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    one, other = (start_server(secret_key="", data_dir=tmp_path / "data") for _ in range(2))
    async with Api(one.url) as here, Api(other.url) as there:
        token = (await log_in(here, ada.email)).json["access_token"]
        assert (await ask(there, token)).status == 200
    assert (await ada.get("/auth/me")).status == 200
