"""The login of a machine over HTTP: its codes, its waiting, and the key that it gets once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.database import execute, rows, scalar
from tests.support.device import AUTHORIZE, TOKEN, begin, poll, refused
from tests.support.people import People, Person
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tests.support.waiting import until
from tgl_protocol.device import GRANT_TYPE
from tgl_server.db.engine import Database
from tgl_server.device.codes import new_user_code, normalised
from tgl_server.device.errors import NoSuchCode
from tgl_server.device.service import find_login
from tgl_server.errors import RateLimited
from tgl_server.limits.limiter import RateLimiter
from tgl_server.settings import Settings

APPROVE, DECLINE = {"answer": "approved"}, {"answer": "declined"}


@pytest.fixture
async def machine(server: RunningServer, database_url: str) -> AsyncIterator[Api]:
    """A machine without a key."""
    async with Api(server.url) as api:
        yield api


@pytest.fixture
async def browser(server: RunningServer, ada: Person) -> AsyncIterator[Visitor]:
    """Ada's browser, signed in."""
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(ada.email)
        yield visitor


async def answer(browser: Visitor, codes: dict[str, str], how: dict[str, str]) -> str:
    done = await browser.post("/device", {"code": codes["user_code"], **how})
    assert done.status == 303, done.body
    return str(done.headers["Location"])


async def test_a_machine_gets_a_key_once_its_person_approves(
    machine: Api, browser: Visitor, server: RunningServer, database: Database
) -> None:
    codes = await begin(machine, scope="read:repos")
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    assert codes["verification_uri"] == f"{server.url}/device"
    assert parse_qs(urlsplit(codes["verification_uri_complete"]).query) == {"code": [codes["user_code"]]}
    assert await refused(machine, codes) == "authorization_pending"
    assert await answer(browser, codes, APPROVE) == "/device/approved"
    got = await poll(machine, codes)
    assert (got.status, got.headers["Cache-Control"]) == (200, "no-store")
    assert (got.json["token_type"], got.json["scope"], got.json["expires_in"]) == ("Bearer", "read:repos", 7_776_000)
    assert (got.json["key"]["name"], got.json["key"]["scopes"]) == ("laptop-ada", "read:repos")
    async with Api(server.url, got.json["access_token"]) as api:
        me = (await api.get("/api/v1/auth/me")).json
    assert me["email"] == "ada@example.com"
    days = await scalar(database, "SELECT round(extract(epoch FROM expires_at - now()) / 86400) FROM api_keys")
    assert days == 90


async def test_a_device_code_is_worth_nothing_once_it_was_used(machine: Api, browser: Visitor) -> None:
    codes = await begin(machine)
    await answer(browser, codes, APPROVE)
    assert (await poll(machine, codes)).status == 200
    assert await refused(machine, codes) == "invalid_grant"
    assert (await browser.get(f"/device?code={codes['user_code']}")).status == 404


async def test_of_two_that_collect_at_once_one_gets_a_key(machine: Api, browser: Visitor, database: Database) -> None:
    codes = await begin(machine)
    await answer(browser, codes, APPROVE)
    found = await asyncio.gather(*(poll(machine, codes) for _ in range(4)))
    assert sorted(each.status for each in found) == [200, 400, 400, 400]
    assert await scalar(database, "SELECT count(*) FROM api_keys") == 1


async def test_a_login_that_is_declined_gets_nothing(machine: Api, browser: Visitor, database: Database) -> None:
    codes = await begin(machine)
    assert await answer(browser, codes, DECLINE) == "/device/declined"
    assert await refused(machine, codes) == "access_denied"
    assert await refused(machine, codes) == "access_denied"
    assert await scalar(database, "SELECT count(*) FROM api_keys") == 0


@pytest.mark.parametrize("approved", [False, True])
async def test_a_login_expires_by_the_clock_of_the_database(
    machine: Api, browser: Visitor, database: Database, approved: bool
) -> None:
    codes = await begin(machine)
    if approved:
        await answer(browser, codes, APPROVE)
    await execute(database, "UPDATE device_logins SET expires_at = now() - interval '1 second'")
    assert await refused(machine, codes) == "expired_token"
    assert (await browser.get(f"/device?code={codes['user_code']}")).status == 404
    assert (await browser.post("/device", {"code": codes["user_code"], **APPROVE})).status == 404


async def test_who_asks_too_early_waits_longer(machine: Api, database: Database) -> None:
    codes = await begin(machine)
    assert await refused(machine, codes) == "authorization_pending"
    assert await refused(machine, codes) == "slow_down"
    assert await scalar(database, "SELECT interval_seconds FROM device_logins") == 10
    await execute(database, "UPDATE device_logins SET last_polled_at = now() - interval '6 s'")
    assert await refused(machine, codes) == "slow_down"
    await execute(database, "UPDATE device_logins SET last_polled_at = now() - interval '15 s'")
    assert await refused(machine, codes) == "authorization_pending"


@pytest.mark.parametrize("before", [True, False])
async def test_an_account_that_is_retired_gives_no_key(
    machine: Api, browser: Visitor, ada: Person, people: People, before: bool
) -> None:
    codes = await begin(machine)
    if before:
        await people.set_state(ada, "retired")
        assert (await browser.post("/device", {"code": codes["user_code"], **APPROVE})).status == 401
        assert await refused(machine, codes) == "authorization_pending"
        return
    await answer(browser, codes, APPROVE)
    await people.set_state(ada, "retired")
    assert await refused(machine, codes) == "access_denied"


async def test_two_people_who_answer_at_once_are_told_who_was_first(
    machine: Api, browser: Visitor, server: RunningServer, people: People, database: Database
) -> None:
    grace = await people.make("grace")
    codes = await begin(machine)
    async with Visitor(server.url) as other:
        await other.sign_in(grace.email)
        wish = {"code": codes["user_code"], **APPROVE}
        found = await asyncio.gather(browser.post("/device", wish), other.post("/device", wish))
    first, second = sorted(each.status for each in found)
    assert (first, second in (404, 409)) == (303, True)
    assert (
        await scalar(
            database, "SELECT count(*) FROM audit_logs WHERE action = 'device:approved' AND outcome = 'success'"
        )
        == 1
    )
    assert (await poll(machine, codes)).status == 200


async def test_the_same_answer_twice_is_one_and_another_is_told(machine: Api, browser: Visitor) -> None:
    codes = await begin(machine)
    await answer(browser, codes, APPROVE)
    assert await answer(browser, codes, APPROVE) == "/device/approved"
    late = await browser.post("/device", {"code": codes["user_code"], **DECLINE})
    assert (late.status, b"You have approved this login already." in late.body) == (409, True)


async def test_the_answers_and_the_key_are_in_the_audit_log(
    machine: Api, browser: Visitor, ada: Person, database: Database
) -> None:
    codes = await begin(machine)
    await answer(browser, codes, APPROVE)
    await poll(machine, codes)
    await answer(browser, await begin(machine, name="unknown-box"), DECLINE)
    found = await rows(
        database,
        "SELECT action, actor_user_id, details->>'name' FROM audit_logs WHERE action LIKE 'device:%' ORDER BY id",
    )
    assert [tuple(row) for row in found] == [
        ("device:approved", ada.id, "laptop-ada"),
        ("device:collected", ada.id, "laptop-ada"),
        ("device:declined", ada.id, "unknown-box"),
    ]


async def test_neither_codes_nor_the_key_are_kept_or_logged(
    machine: Api, browser: Visitor, server: RunningServer, database: Database
) -> None:
    codes = await begin(machine)
    page = await browser.get(f"/device?code={codes['user_code']}")
    assert codes["device_code"].encode() not in page.body
    await answer(browser, codes, APPROVE)
    key = (await poll(machine, codes)).json["access_token"]
    assert await refused(machine, codes) == "invalid_grant"
    assert await server.logged("invalid_grant")
    letters = codes["user_code"].replace("-", "")
    secrets = [codes["device_code"], codes["user_code"], letters, key, key.rpartition("_")[2]]
    assert [each for each in secrets if each in server.log()] == []
    tables = await rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        for secret in secrets:
            found = await scalar(
                database, f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE :text', text=f"%{secret}%"
            )
            assert not found, (table, secret)
    hashed = "SELECT device_code_hash = sha256(CAST(CAST(:device AS text) AS bytea)) FROM device_logins"
    assert await scalar(database, hashed, device=codes["device_code"])


async def test_a_form_is_taken_as_the_rfc_has_it(machine: Api) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    wish = urlencode({"client_id": "git-credential", "scope": "sync:commits", "resource": "unknown", "name": "box"})
    codes = await machine.request("POST", AUTHORIZE, data=wish.encode(), headers=headers)
    assert codes.status == 200, codes.body
    question = {"grant_type": GRANT_TYPE, "device_code": codes.json["device_code"], "client_id": "git-credential"}
    found = await machine.request("POST", TOKEN, data=urlencode(question).encode(), headers=headers)
    assert (found.status, found.json["error"]) == (400, "authorization_pending")
    twice = urlencode([*question.items(), ("device_code", "x")]).encode()
    assert (await machine.request("POST", TOKEN, data=twice, headers=headers)).status == 422


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (TOKEN, {"grant_type": "password", "device_code": "x"}, 400, "unsupported_grant_type"),
        (TOKEN, {"grant_type": GRANT_TYPE, "device_code": "never"}, 400, "invalid_grant"),
        (TOKEN, {"grant_type": GRANT_TYPE, "device_code": "a\0b"}, 422, "invalid_body"),
        (TOKEN, {}, 422, "invalid_body"),
        (AUTHORIZE, {"scope": "admin"}, 400, "invalid_scope"),
        (AUTHORIZE, {"scope": ""}, 400, "invalid_scope"),
        (AUTHORIZE, {"name": "a\u202eb"}, 422, "invalid_body"),
        (AUTHORIZE, {"name": "x" * 101}, 422, "invalid_body"),
        (AUTHORIZE, {"expires_in_days": 366}, 422, "invalid_body"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    machine: Api, path: str, body: dict[str, object], status: int, code: str
) -> None:
    found = await machine.post(path, body)
    assert (found.status, found.json["code"]) == (status, code)


async def test_guesses_of_one_account_are_limited(start_server: Callable[..., RunningServer], ada: Person) -> None:
    server = start_server(login_requests_per_minute=5)
    async with Visitor(server.url) as visitor, Api(server.url) as machine:
        await visitor.sign_in(ada.email)
        codes = await begin(machine)
        for _ in range(5):
            assert (await visitor.get(f"/device?code={new_user_code()}")).status == 404
        assert (await visitor.get(f"/device?code={codes['user_code']}")).status == 429
        assert (await visitor.post("/device", {"code": codes["user_code"], **APPROVE})).status == 429
        assert (await visitor.get("/device")).status == 200


async def test_guesses_of_all_accounts_together_are_limited(database: Database) -> None:
    limiter, settings = RateLimiter("memory://"), Settings(login_requests_per_minute=2)
    for _ in range(20):
        with pytest.raises(NoSuchCode):
            await find_login(database, limiter, settings, uuid4(), new_user_code())
    with pytest.raises(RateLimited):
        await find_login(database, limiter, settings, uuid4(), new_user_code())


async def test_asking_for_codes_is_limited_by_address(start_server: Callable[..., RunningServer]) -> None:
    server = start_server(login_requests_per_minute=3)
    async with Api(server.url) as machine:
        for _ in range(3):
            await begin(machine)
        assert (await machine.post(AUTHORIZE, {})).status == 429


async def test_logins_that_are_over_are_forgotten(
    start_server: Callable[..., RunningServer], machine: Api, database: Database
) -> None:
    old, new = await begin(machine, name="old"), await begin(machine, name="new")
    assert old["user_code"] != new["user_code"]
    await execute(database, "UPDATE device_logins SET expires_at = now() - interval '61 min' WHERE name = 'old'")
    start_server(sweep_seconds=1)

    async def names() -> bool:
        return [row.name for row in await rows(database, "SELECT name FROM device_logins")] == ["new"]

    await until(names)


def test_a_code_is_understood_however_it_is_typed() -> None:
    code = new_user_code()
    assert not set(code) & set("AEIOU0123456789")
    for typed in (
        code,
        code.lower(),
        code.replace("-", ""),
        f" {code.replace('-', ' ')} ",
        code.replace("-", "\u2013"),
    ):
        assert normalised(typed) == code
    for wrong in ("", code[:-1], f"{code}B", code.replace(code[0], "A"), "1" * 8):
        assert normalised(wrong) is None
