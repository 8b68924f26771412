"""The page of the audit log."""

import re

from tests.support.api import Api
from tests.support.database import scalar
from tests.support.people import Person, register
from tests.support.visitor import Visitor
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.audit.service import Actor, record
from tgl_server.audit_logs.actions import AuditLogAction
from tgl_server.db.engine import Database


async def test_an_entry_says_who_did_what_by_their_names(boss_visitor: Visitor, ada: Person) -> None:
    assert (await ada.post("/projects", {"slug": "team", "name": "The Team"})).status == 201
    page = (await boss_visitor.get("/administration/log?action=project:created")).body.decode()
    said = re.sub(r"<[^>]*>", "", page)
    assert re.search(r"Ada: created project The Team", said)


async def test_a_refusal_is_marked_and_filters_find_it(boss_visitor: Visitor, ada: Person, database: Database) -> None:
    assert (await ada.get("/users")).status == 403
    found = (await boss_visitor.get(f"/administration/log?outcome=refused&actor={ada.id}")).body
    assert b"was refused access to" in found
    assert b"badge refused" in found
    assert b"No entry fits" in (await boss_visitor.get("/administration/log?until=2020-01-01")).body


async def test_older_entries_are_a_page_further(boss_visitor: Visitor, ada: Person, database: Database) -> None:
    for number in range(55):
        await ada.post("/projects", {"slug": f"team-{number}", "name": "T"})
    first = (await boss_visitor.get("/administration/log?action=project:created")).body.decode()
    older = re.search(r'href="(\?[^"]*cursor=[^"]*)"', first)
    assert older is not None
    rest = (await boss_visitor.get("/administration/log" + older[1].replace("&amp;", "&"))).body.decode()
    assert first.count('<tr role="row">') + rest.count('<tr role="row">') == 55 + 2
    assert await scalar(database, "SELECT count(*) FROM audit_logs WHERE action = 'project:created'") == 55


async def test_a_date_that_is_none_is_told(boss_visitor: Visitor) -> None:
    answer = await boss_visitor.get("/administration/log?since=yesterday")
    assert (answer.status, b"Expected a day like 2026-01-02" in answer.body) == (200, True)
    assert (await boss_visitor.get("/administration/log?cursor=xx")).status == 422


async def test_who_had_not_signed_in_is_told_apart_from_the_command_line_and_the_server(
    boss_visitor: Visitor, anyone: Api, database: Database
) -> None:
    await register(anyone)
    assert "Somebody who had not signed in</span>: created account" in await _log(boss_visitor, "user:created")
    async with database.transaction() as tx:
        await create_user(tx, "grace@example.com", role=Role.PLAYER)
        await record(tx, Actor().did(AuditLogAction.AUDIT_LOG_PRUNED, "audit_log", None, rows=1))
    assert "The command line</span>: created account" in await _log(boss_visitor, "user:created")
    assert "The server</span>: pruned audit log" in await _log(boss_visitor, "audit_log:pruned")


async def _log(visitor: Visitor, action: str) -> str:
    return (await visitor.get(f"/administration/log?action={action}")).body.decode()
