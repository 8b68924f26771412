"""Sessions of the browser: signing in and out, what their cookie is worth, and where it is not looked at."""

from collections.abc import Callable

import pytest

from tests.support.database import execute, scalar
from tests.support.people import PASSWORD, People, Person
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database


async def test_a_page_sends_to_the_form_and_signing_in_leads_back(visitor: Visitor, ada: Person) -> None:
    sent = await visitor.get("/settings/account?show=all")
    assert (sent.status, sent.headers["Location"]) == (303, "/sign-in?next=%2Fsettings%2Faccount%3Fshow%3Dall")
    entered = {"email": ada.email, "password": PASSWORD, "next": "/settings/account?show=all"}
    back = await visitor.post("/sign-in", entered)
    assert (back.status, back.headers["Location"]) == (303, "/settings/account?show=all")
    assert (await visitor.get("/")).status == 200


async def test_the_cookie_is_for_http_alone_and_the_database_has_only_its_hash(
    visitor: Visitor, ada: Person, database: Database
) -> None:
    cookie = (await visitor.sign_in(ada.email)).headers["Set-Cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    secret = cookie.partition("=")[2].partition(";")[0]
    assert len(secret) == 43
    assert await scalar(
        database, f"SELECT cookie_hash = sha256('{secret}') FROM auth_sessions WHERE cookie_hash IS NOT NULL"
    )


async def test_over_https_the_cookie_is_bound_to_this_host(
    start_server: Callable[..., RunningServer], ada: Person
) -> None:
    async with Visitor(start_server(public_url="https://league.example").url) as visitor:
        cookie = (await visitor.sign_in(ada.email)).headers["Set-Cookie"]
    assert cookie.startswith("__Host-tgl=")
    assert "Secure" in cookie.split("; ")


async def test_the_api_ignores_the_cookie(ada_visitor: Visitor) -> None:
    assert (await ada_visitor.get("/api/v1/auth/me", headers={"Accept": "application/json"})).status == 401


@pytest.mark.parametrize("entered", [{"password": "wrong"}, {"email": "nobody@example.com"}, {"email": ""}, {}])
async def test_a_refused_sign_in_shows_the_form_again_without_the_password(
    visitor: Visitor, ada: Person, entered: dict[str, str]
) -> None:
    fields = {"email": ada.email, "password": "not this one", **entered}
    answer = await visitor.post("/sign-in", fields)
    assert answer.status in (401, 422)
    assert b"not this one" not in answer.body
    assert b'role="alert"' in answer.body


async def test_signing_out_ends_the_session_in_the_database(ada_visitor: Visitor, database: Database) -> None:
    assert (await ada_visitor.post("/sign-out")).status == 303
    ended = "SELECT end_reason FROM auth_sessions WHERE cookie_hash IS NOT NULL"
    assert await scalar(database, ended) == "logged_out"
    assert (await ada_visitor.get("/")).status == 303


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE auth_sessions SET expires_at = now() - interval '1 second'",
        "UPDATE auth_sessions SET last_seen_at = now() - interval '8 days'",
        "UPDATE auth_sessions SET ended_at = now()",
        "UPDATE users SET state = 'retired'",
    ],
)
async def test_a_session_that_is_over_opens_nothing(ada_visitor: Visitor, database: Database, change: str) -> None:
    await execute(database, change)
    assert (await ada_visitor.get("/")).headers["Location"] == "/sign-in"


async def test_the_last_use_is_written_every_few_minutes(ada_visitor: Visitor, database: Database) -> None:
    recent = "SELECT last_seen_at > now() - interval '1 minute' FROM auth_sessions WHERE cookie_hash IS NOT NULL"
    await execute(database, "UPDATE auth_sessions SET last_seen_at = now() - interval '4 minutes'")
    await ada_visitor.get("/")
    assert not await scalar(database, recent)
    await execute(database, "UPDATE auth_sessions SET last_seen_at = now() - interval '6 minutes'")
    await ada_visitor.get("/")
    assert await scalar(database, recent)


async def test_registration_waits_for_approval_and_goes_on_by_itself(
    visitor: Visitor, people: People, database: Database
) -> None:
    wish = {"email": "new@example.com", "password": PASSWORD, "display_name": "New", "role": "player"}
    assert (await visitor.post("/register", wish)).headers["Location"] == "/waiting"
    assert (await visitor.get("/")).headers["Location"] == "/waiting"
    assert "Refresh" in (await visitor.get("/waiting")).headers
    await execute(database, "UPDATE users SET state = 'active'")
    assert (await visitor.get("/waiting")).headers["Location"] == "/"
    assert (await visitor.get("/")).status == 200


async def test_registration_shows_every_fault_beside_its_field(visitor: Visitor) -> None:
    answer = await visitor.post("/register", {"email": "x" * 400, "password": "short", "role": "king"})
    assert answer.status == 422
    for fault in (b"email-fault", b"password-fault", b"role-fault", b"At least 12 characters"):
        assert fault in answer.body


async def test_an_address_that_is_taken_is_said_at_its_field_and_the_rest_is_kept(
    visitor: Visitor, ada: Person
) -> None:
    wish = {"email": ada.email, "password": PASSWORD, "display_name": "Somebody", "role": "player"}
    answer = await visitor.post("/register", wish)
    assert answer.status == 409
    assert b"email-fault" in answer.body
    assert b'value="Somebody"' in answer.body


@pytest.mark.parametrize(
    "next_",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:1",
        "",
    ],
)
async def test_signing_in_never_leads_to_another_site(visitor: Visitor, ada: Person, next_: str) -> None:
    answer = await visitor.post("/sign-in", {"email": ada.email, "password": PASSWORD, "next": next_})
    assert answer.headers["Location"] == "/"


async def test_a_form_whose_session_has_ended_comes_back_filled_in_after_signing_in(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await execute(database, "UPDATE auth_sessions SET ended_at = now()")
    answer = await ada_visitor.post("/projects/new", {"slug": "team", "name": 'The "Team"', "password": "a secret"})
    assert answer.status == 401
    assert b'name="held.name" value="The &#34;Team&#34;"' in answer.body
    assert b"a secret" not in answer.body
    again = {"email": ada.email, "password": PASSWORD, "next": "/projects/new", "held.slug": "team"}
    back = await ada_visitor.post("/sign-in", again)
    assert back.headers["Location"] == "/projects/new?slug=team&restored=1"
