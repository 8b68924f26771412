"""`tgl login --device`: a code in the terminal, an approval in a browser, a key that pushes."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.command import tgl, tgl_on_terminal
from tests.support.database import execute, scalar
from tests.support.faulty import Fault, FaultyServer, garbage, hang_up, html, problem
from tests.support.people import People, Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.terminal import logging_in
from tests.support.visitor import Visitor
from tests.support.waiting import until
from tgl_protocol.api_keys import KeyInfo
from tgl_protocol.keys import generate_api_key
from tgl_server.db.engine import Database

APPROVE = """
    UPDATE device_logins SET state = 'approved', user_id = (SELECT id FROM users WHERE email = :email)
    WHERE state = 'waiting'
"""


@pytest.fixture
async def ada(server: RunningServer, database: Database) -> AsyncIterator[Person]:
    async with AsyncExitStack() as stack:
        yield await People(server, database, stack).make("ada")


@pytest.fixture
async def browser(server: RunningServer, ada: Person) -> AsyncIterator[Visitor]:
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(ada.email)
        yield visitor


def stored(tgl_home: Path) -> dict[str, str]:
    """The keys in the login file, by server."""
    file = tgl_home / "config" / "login.json"
    found: dict[str, str] = json.loads(file.read_text())["keys"] if file.exists() else {}
    return found


async def test_a_login_that_is_approved_pushes(
    server: RunningServer, browser: Visitor, ada: Person, repository: Path, tgl_home: Path, database: Database
) -> None:
    await make_repo(ada, await make_project(ada), "work")
    async with logging_in(server.url) as terminal:
        code = await terminal.code()
        assert f"Open {server.url}/device in a browser" in terminal.shown
        assert (await browser.post("/device", {"code": code, "answer": "approved"})).status == 303
        status, out, err = await terminal.ended()
    assert (status, "project: team; next: `tgl push`" in out) == (0, True)
    [key] = stored(tgl_home).values()
    assert key not in out + err
    name = await scalar(database, "SELECT name FROM api_keys")
    assert name.startswith("laptop-")
    assert (await asyncio.to_thread(tgl, "push", repository)).code == 0


async def test_a_login_that_is_declined_stores_nothing(server: RunningServer, browser: Visitor, tgl_home: Path) -> None:
    async with logging_in(server.url) as terminal:
        await browser.post("/device", {"code": await terminal.code(), "answer": "declined"})
        status, _, err = await terminal.ended()
    assert (status, "error: the login was declined in the browser; nothing was stored\n" in err) == (3, True)
    assert stored(tgl_home) == {}


async def test_a_login_that_nobody_approves_expires(server: RunningServer, database: Database, tgl_home: Path) -> None:
    async with logging_in(server.url) as terminal:
        await terminal.code()
        await execute(database, "UPDATE device_logins SET expires_at = now() - interval '1 s'")
        status, _, err = await terminal.ended()
    assert (status, "error: nobody approved the login in time; nothing was stored\n" in err) == (3, True)
    assert stored(tgl_home) == {}


async def test_ctrl_c_says_that_nothing_was_stored(server: RunningServer, tgl_home: Path) -> None:
    async with logging_in(server.url) as terminal:
        await terminal.until("Waiting until it is approved")
        terminal.process.send_signal(signal.SIGINT)
        status, _, err = await terminal.ended()
    assert (status, "error: interrupted; nothing was stored\n" in err) == (130, True)
    assert stored(tgl_home) == {}


async def test_enter_at_the_question_logs_in_by_the_browser(
    server: RunningServer, ada: Person, database: Database, tgl_home: Path
) -> None:
    running = asyncio.create_task(asyncio.to_thread(tgl_on_terminal, "login", server.url, answers={"API key:": ""}))

    async def waits() -> bool:
        return bool(await scalar(database, "SELECT count(*) FROM device_logins"))

    await until(waits)
    await execute(database, APPROVE, email=ada.email)
    code, shown = await running
    assert (code, "Press Enter to log in with a browser" in shown) == (0, True)
    assert list(stored(tgl_home)) == [server.url]


async def test_the_key_is_kept_where_what_follows_fails(
    server: RunningServer, ada: Person, browser: Visitor, tgl_home: Path
) -> None:
    await make_project(ada)
    async with logging_in(server.url, "--project", "taem") as terminal:
        await browser.post("/device", {"code": await terminal.code(), "answer": "approved"})
        status, _, err = await terminal.ended()
    assert (status, "that this key sees; the key was stored\n" in err) == (2, True)
    assert list(stored(tgl_home)) == [server.url]


async def test_an_answer_that_was_lost_is_told_with_the_key_that_nobody_has(
    server: RunningServer, database: Database, tgl_home: Path
) -> None:
    async with logging_in(server.url) as terminal:
        await terminal.code()
        await execute(database, "UPDATE device_logins SET state = 'collected'")
        status, _, err = await terminal.ended()
    assert (status, "its answer was lost on the way; nothing was stored\n" in err) == (3, True)
    assert "hint: revoke the unused key laptop-" in err


def test_the_two_ways_exclude_each_other(server: RunningServer) -> None:
    assert tgl("login", server.url, "--web", "--device").code == 2


async def test_a_server_that_is_too_old_is_told_with_the_other_ways(faulty: FaultyServer) -> None:
    faulty.always["device"] = problem(404, "not_found", "There is nothing here.")
    done = await asyncio.to_thread(tgl, "login", "--device", faulty.url)
    assert (done.code, "error: this server knows no login by browser yet\n" in done.err) == (2, True)
    assert f"`tgl login --web {faulty.url}`" in done.err


async def test_a_network_that_is_away_for_a_while_costs_no_more_than_time(faulty: FaultyServer, tgl_home: Path) -> None:
    key = generate_api_key()
    codes = {"device_code": "secret", "user_code": "BCDF-GHJK", "verification_uri": f"{faulty.url}/device"}
    codes |= {"verification_uri_complete": f"{faulty.url}/device?code=BCDF-GHJK"}
    info: dict[str, Any] = dict.fromkeys(KeyInfo.__struct_fields__) | {
        "id": str(UUID(int=1)),
        "name": "laptop",
        "prefix": key.prefix,
    }
    info |= {"scopes": "", "state": "active", "is_active": True, "created_at": "2026-01-01T00:00:00Z", "usage_count": 0}
    token = {"access_token": key.full_key, "token_type": "Bearer", "expires_in": 1, "scope": ""}
    faulty.faults["device"] = [
        answers({**codes, "expires_in": 600, "interval": 1}),
        hang_up,
        html(502),
        answers({"error": "slow_down"}, 400),
        answers({"error": "authorization_pending"}, 400),
        answers({**token, "key": info}),
    ]
    done = await asyncio.to_thread(tgl, "login", "--device", faulty.url)
    assert done.err.count("asking again until the code expires") == 1
    assert faulty.requests.count("POST device") == 6
    assert stored(tgl_home) == {faulty.url: key.full_key}


def answers(body: object, status: int = 200) -> Fault:
    return garbage(json.dumps(body).encode(), status)
