"""The viewer's own account: sessions, password, preferences."""

import re

from tests.support.database import scalar
from tests.support.people import PASSWORD, Person
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

NEW_PASSWORD = "another horse battery staple"


async def test_everywhere_else_is_signed_out_at_once(
    ada_visitor: Visitor, ada: Person, server: RunningServer, database: Database
) -> None:
    async with Visitor(server.url) as other:
        await other.sign_in(ada.email)
        assert (await ada_visitor.post("/settings/sessions/end-others")).status == 303
        assert (await other.get("/")).status == 303
    assert (await ada_visitor.get("/")).status == 200
    assert (await ada.get("/auth/me")).status == 401
    reasons = "SELECT bool_and(end_reason = 'signed_out_elsewhere') FROM auth_sessions WHERE ended_at IS NOT NULL"
    assert await scalar(database, reasons)


async def test_nobody_ends_the_session_of_another(
    ada_visitor: Visitor, boss: Person, server: RunningServer, database: Database
) -> None:
    async with Visitor(server.url) as other:
        await other.sign_in(boss.email)
        theirs = "SELECT id FROM auth_sessions WHERE cookie_hash IS NOT NULL ORDER BY created_at DESC LIMIT 1"
        session_id = await scalar(database, theirs)
        assert (await ada_visitor.post(f"/settings/sessions/{session_id}/end")).status == 404
        assert (await other.get("/")).status == 200


async def test_a_new_password_needs_the_old_one_and_keeps_this_session(ada_visitor: Visitor, ada: Person) -> None:
    fields = {"current_password": "wrong", "new_password": NEW_PASSWORD}
    refused = await ada_visitor.post("/settings/password", fields)
    assert refused.status == 403
    assert b"current_password-fault" in refused.body
    assert (await ada_visitor.post("/settings/password", fields | {"current_password": PASSWORD})).status == 303
    assert (await ada_visitor.get("/")).status == 200
    await ada_visitor.sign_in(ada.email, NEW_PASSWORD)


async def test_preferences_are_kept_and_shown_at_once(ada_visitor: Visitor) -> None:
    assert b'<html lang="en">' in (await ada_visitor.get("/settings/account")).body
    wanted = {"theme": "dark", "density": "dense", "shortcuts": "off"}
    await ada_visitor.post("/settings/preferences", wanted)
    page = (await ada_visitor.get("/settings/account")).body.decode()
    assert '<html lang="en" data-theme="dark" data-density="dense" data-shortcuts="off">' in page
    assert re.findall(r'value="(\w+)" selected', page) == list(wanted.values())
    await ada_visitor.post("/settings/preferences", {"theme": "plaid", "density": '"><script>'})
    assert b'<html lang="en">' in (await ada_visitor.get("/settings/account")).body


async def test_a_cookie_that_is_no_choice_of_ours_is_as_if_it_were_not_there(visitor: Visitor) -> None:
    page = await visitor.get("/sign-in", headers={"Cookie": "tgl-theme=plaid; tgl-density=dense"})
    assert b'<html lang="en" data-density="dense">' in page.body


async def test_what_was_done_is_said_once(ada_visitor: Visitor) -> None:
    await ada_visitor.post("/settings/preferences", {"theme": "dark"})
    assert b"Your preferences are saved." in (await ada_visitor.get("/settings/account")).body
    assert b"Your preferences are saved." not in (await ada_visitor.get("/settings/account")).body
