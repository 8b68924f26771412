"""The page on which a machine's login is approved, over HTTP."""

from collections.abc import AsyncIterator

import pytest

from tests.support.api import Api
from tests.support.database import execute
from tests.support.device import begin
from tests.support.people import PASSWORD, Person
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database


@pytest.fixture
async def machine(server: RunningServer, database_url: str) -> AsyncIterator[Api]:
    async with Api(server.url) as api:
        yield api


async def test_the_page_says_what_asks_for_what_and_from_where(ada_visitor: Visitor, machine: Api) -> None:
    codes = await begin(machine, name="laptop-of-ada", scope="read:repos", expires_in_days=30)
    body = (await ada_visitor.get(f"/device?code={codes['user_code'].lower().replace('-', '')}")).body.decode()
    for shown in (codes["user_code"], "laptop-of-ada", "read repositories", "30 days", "127.0.0.1", "just now?"):
        assert shown in body
    assert "push commits" not in body


async def test_another_network_than_the_browsers_is_told(
    ada_visitor: Visitor, machine: Api, database: Database
) -> None:
    codes = await begin(machine)
    address = f"/device?code={codes['user_code']}"
    assert b"another network" not in (await ada_visitor.get(address)).body
    await execute(database, "UPDATE device_logins SET ip = '203.0.113.9'")
    found = (await ada_visitor.get(address)).body
    assert b"203.0.113.9" in found
    assert b"from another network than this browser, which is at 127.0.0.1" in found


async def test_who_is_signed_out_signs_in_and_comes_back_to_the_code(
    visitor: Visitor, ada: Person, machine: Api
) -> None:
    codes = await begin(machine)
    sent = await visitor.get(f"/device?code={codes['user_code']}")
    assert sent.headers["Location"] == f"/sign-in?next=%2Fdevice%3Fcode%3D{codes['user_code']}"
    fields = {
        "email": ada.email,
        "password": PASSWORD,
        "next": f"/device?code={codes['user_code']}",
    }
    back = await visitor.post("/sign-in", fields)
    assert back.headers["Location"] == f"/device?code={codes['user_code']}"
    assert (await visitor.get(back.headers["Location"])).status == 200


@pytest.mark.parametrize("typed", ["BCDF-GHJK", "hello", "<script>", "x" * 5000, "\u202e", "B C D"])
async def test_a_wrong_code_is_shown_again_with_the_reason(ada_visitor: Visitor, typed: str) -> None:
    found = await ada_visitor.get("/device", params={"code": typed})
    assert (found.status, b"No login waits with this code" in found.body) == (404, True)
    assert b"<script>" not in found.body.replace(b"<script src=", b"")
    sent = await ada_visitor.post("/device", {"code": typed, "answer": "approved"})
    assert sent.status == 404


async def test_another_site_approves_nothing(ada_visitor: Visitor, machine: Api) -> None:
    codes = await begin(machine)
    wish = {"code": codes["user_code"], "answer": "approved"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        assert (await ada_visitor.post("/device", wish, headers=headers)).status == 403
    assert (await ada_visitor.get(f"/device?code={codes['user_code']}&answer=approved")).status == 200
    assert (await ada_visitor.post("/device", wish)).status == 303


async def test_what_a_machine_calls_itself_is_shown_as_text(ada_visitor: Visitor, machine: Api) -> None:
    codes = await begin(machine, name="<b>laptop</b>")
    found = (await ada_visitor.get(f"/device?code={codes['user_code']}")).body
    assert b"&lt;b&gt;laptop&lt;/b&gt;" in found
    assert b"<b>laptop</b>" not in found


async def test_a_commissioner_reads_of_it_in_the_log(boss_visitor: Visitor, machine: Api) -> None:
    codes = await begin(machine, name="laptop-of-the-boss")
    await boss_visitor.post("/device", {"code": codes["user_code"], "answer": "declined"})
    body = (await boss_visitor.get("/administration/log")).body.decode()
    assert "declined the login of" in " ".join(body.split())
    assert "laptop-of-the-boss" in body
