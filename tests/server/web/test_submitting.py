"""Submitted forms: what is wrong stands beside its field, nothing typed is lost, and every refusal is recorded."""

import re

import pytest

from tests.support.database import execute, rows, scalar
from tests.support.people import Person, make_project, make_repo
from tests.support.visitor import Visitor
from tgl_server.access.refusals import Audited
from tgl_server.app import create_app
from tgl_server.db.engine import Database
from tgl_server.http.declarations import Page, declared
from tgl_server.settings import Settings
from tgl_server.web.session import signed_in

#: Changes a cookie of the browser, and nothing on the server.
UNRECORDED = {"/settings/preferences"}
FORMS = (
    ("/projects/new", {"name": "The Team", "slug": "Not A Slug", "description": ""}, "project:created"),
    ("/projects/team/settings", {"name": "", "slug": "team", "description": ""}, "project:changed"),
    ("/projects/team/members/add", {"email": "nobody@example.com", "role": "member"}, "member:added"),
    ("/projects/team/hand-over", {"email": "nobody@example.com"}, "project:transferred"),
    ("/projects/team/delete", {"confirmation": "tea"}, "project:deleted"),
    ("/projects/team/repos/new", {"name": "kernel", "git_url": "ext::sh"}, "repo:created"),
    ("/projects/team/repos/linux/settings", {"name": " linux", "git_url": ""}, "repo:changed"),
    ("/projects/team/repos/linux/delete", {"confirmation": ""}, "repo:deleted"),
    ("/settings/keys/new", {"name": "", "scopes": "sync:commits", "expires": "90"}, "api_key:created"),
    ("/settings/password", {"current_password": "wrong", "new_password": "short"}, "user:password_changed"),
)


@pytest.fixture
async def repo(ada: Person) -> None:
    """The project `team` of Ada with the repository `linux`."""
    await make_repo(ada, await make_project(ada))


def test_every_form_of_who_is_signed_in_names_the_act_for_the_audit_log() -> None:
    app = create_app(Settings(database_url="postgresql://nowhere/none"))
    forms = {
        route.path_format: declared(handler, Audited)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if declared(handler, Page) is not None and "POST" in handler.http_methods
        if signed_in in handler.resolve_guards()
    }
    assert {path for path, audited in forms.items() if audited is None} == UNRECORDED


@pytest.mark.parametrize(("path", "fields", "action"), FORMS)
async def test_a_refused_form_is_recorded_and_says_beside_a_field_what_is_wrong(
    ada_visitor: Visitor, database: Database, repo: None, path: str, fields: dict[str, str], action: str
) -> None:
    answer = await ada_visitor.post(path, fields)
    page = answer.body.decode()
    assert answer.status == 422
    assert re.search('class="fault" id="[a-z_]+-fault"', page)
    assert "does not validate" not in page
    found = await rows(database, "SELECT action, outcome, details->>'reason' FROM audit_logs WHERE outcome = 'refused'")
    assert [tuple(row) for row in found] == [(action, "refused", "invalid_body")]


async def test_a_name_that_is_taken_is_recorded_too(ada_visitor: Visitor, database: Database, repo: None) -> None:
    answer = await ada_visitor.post("/projects/new", {"name": "Another", "slug": "team"})
    assert (answer.status, b'id="slug-fault"' in answer.body, b'value="Another"' in answer.body) == (409, True, True)
    reason = "SELECT details->>'reason' FROM audit_logs WHERE action = 'project:created' AND outcome = 'refused'"
    assert await scalar(database, reason) == "conflict"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/projects/new", "name"),
        ("/projects/team/members/add", "email"),
        ("/projects/team/repos/linux/settings", "name"),
        ("/settings/keys/new", "name"),
        ("/sign-in", "email"),
        ("/register", "display_name"),
    ],
)
async def test_u_0000_in_a_field_loses_nothing_that_was_typed(
    ada_visitor: Visitor, repo: None, path: str, field: str
) -> None:
    answer = await ada_visitor.post(path, {field: "some\0thing"})
    assert answer.status == 422
    assert b'value="something"' in answer.body
    assert f'id="{field}-fault"'.encode() in answer.body
    assert b"A text cannot contain U+0000" in answer.body


async def test_a_wrong_password_does_not_lose_the_form_that_waits_for_signing_in(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await execute(database, "UPDATE auth_sessions SET ended_at = now(), end_reason = 'logged_out'")
    held = await ada_visitor.post("/projects/new", {"name": "The Team", "slug": "team"})
    assert held.status == 401
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', held.body.decode()))
    wrong = await ada_visitor.post("/sign-in", {**fields, "email": ada.email, "password": "not this one"})
    again = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', wrong.body.decode()))
    assert (wrong.status, again) == (401, fields)
