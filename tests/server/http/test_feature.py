"""What adding a feature takes: its folder, and one line where the application is made. No table elsewhere knows it.

The feature here keeps notes. It is written into a folder of the test's, imported, and served by the whole application
over a real database.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, cast

import httpx
import msgspec
import pytest
from litestar import Litestar, get

from tests.support.access import check_rows, joined, rows_of_features
from tests.support.callers import SETTINGS, Callers
from tests.support.database import execute
from tests.support.world import World
from tgl_server.accounts.feature import accounts
from tgl_server.app import create_app
from tgl_server.db.engine import Database
from tgl_server.features import FEATURES
from tgl_server.http.feature import Feature
from tgl_server.openapi import openapi_document

NOTES = {
    "__init__.py": "",
    "actions.py": """
from tgl_server.audit.actions import AuditAction


class NoteAction(AuditAction):
    NOTE_WRITTEN = "note:written"
""",
    "routes.py": '''
from typing import Any

from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from msgspec import Struct
from sqlalchemy import text

from notes.actions import NoteAction
from tgl_server import errors
from tgl_server.access.callers import admits_keys, authenticate
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor, record
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database
from tgl_server.http.body import large_struct
from tgl_server.http.body_budget import BodyBudget
from tgl_server.http.client_address import AnyConnection
from tgl_server.http.declarations import answers, reads


class Note(Struct, frozen=True):
    """A sentence to remember."""

    text: str


class Silenced(errors.Forbidden):
    """Commissioners listen, and write no notes."""

    code = "silenced"


class LoudNote(errors.Invalid):
    """A note is not shouted."""

    code = "loud_note"


@admits_keys(Scope.SYNC_COMMITS, refuses=(Silenced,))
async def may_write(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anyone but commissioners; a key needs `sync:commits`."""
    if (await authenticate(connection)).is_commissioner:
        raise Silenced


@post(
    "/",
    guards=[may_write],
    opt=reads(Note) | answers(LoudNote, errors.Conflict) | audited_as(NoteAction.NOTE_WRITTEN),
)
async def write_note(
    request: Request[Any, Any, Any],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    body_budget: NamedDependency[BodyBudget],
) -> Note:
    """Keep a note; each is kept once."""
    async with large_struct(request, Note, 1000, body_budget) as note:
        if note.text.isupper():
            raise LoudNote
    async with database.transaction() as tx:
        await tx.execute(text("INSERT INTO notes (text) VALUES (:text)"), {"text": note.text})
        await record(tx, actor.did(NoteAction.NOTE_WRITTEN, "note", None, text=note.text))
    return note


notes_router = Router("/notes", route_handlers=[write_note], tags=["notes"])
''',
    "feature.py": """
from notes.actions import NoteAction
from notes.routes import Note, notes_router
from tgl_server.errors import Conflict
from tgl_server.http.feature import Feature

notes = Feature(
    routers=(notes_router,),
    tags={"notes": "What is worth remembering"},
    constraints={"uq_notes_text": Conflict("This note is kept already.")},
    actions=NoteAction,
    examples=(Note("Carry the one."),),
)
""",
    "access.py": """
from tests.support.access import keys, known, members

ROWS = {
    "POST /api/v1/notes": known(spectator=422, player=422, **members(422), commissioner=403, **keys(422))
    | {"key that reads": 403},
}
""",
}


NOWHERE = msgspec.structs.replace(SETTINGS, database_url="postgresql://nowhere/none")


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feature]:
    folder = tmp_path_factory.mktemp("a_new_feature")
    for name, content in NOTES.items():
        (folder / "notes").mkdir(exist_ok=True)
        (folder / "notes" / name).write_text(content)
    sys.path.insert(0, str(folder))
    yield import_module("notes.feature").notes
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "notes"]:
        del sys.modules[name]


@pytest.fixture
def app(notes: Feature, database_url: str) -> Litestar:
    settings = msgspec.structs.replace(SETTINGS, database_url=database_url)
    return create_app(settings, features=[*FEATURES, notes])


@asynccontextmanager
async def served(app: Litestar, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """Requests to the application, while it runs and its feature has its table."""
    await execute(database, "CREATE TABLE notes (text text CONSTRAINT uq_notes_text UNIQUE)")
    try:
        transport = httpx.ASGITransport(cast("Any", app), client=("127.0.0.1", 50_000))
        async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://tgl") as client:
            yield client
    finally:
        await execute(database, "DROP TABLE notes")


@pytest.fixture
async def callers(database: Database, world: World) -> Callers:
    callers = Callers(database, world)
    await callers.make()
    return callers


def bearer(callers: Callers, name: str) -> dict[str, str]:
    token = callers.tokens[name]
    return {"Authorization": f"Bearer {token}"} if token else {}


def test_its_operation_is_described(app: Litestar) -> None:
    document = openapi_document(app)
    operation = document["paths"]["/api/v1/notes"]["post"]
    assert operation["summary"] == "Keep a note"
    assert operation["description"].endswith("**Who:** Anyone but commissioners; a key needs `sync:commits`.")
    assert operation["security"] == [{"apiKey": ["sync:commits"]}, {"session": []}]
    assert list(operation["requestBody"]["content"]) == ["application/json", "application/msgpack"]
    assert {"name": "notes", "description": "What is worth remembering"} in document["tags"]
    assert document["components"]["schemas"]["Note"]["examples"] == [{"text": "Carry the one."}]
    assert "note:written" in document["components"]["schemas"]["AuditAction"]["enum"]


@pytest.mark.parametrize(
    ("status", "codes"),
    [("403", {"silenced", "insufficient_scope"}), ("409", {"conflict"}), ("422", {"loud_note", "invalid_body"})],
)
def test_its_errors_are_in_the_document(app: Litestar, status: str, codes: set[str]) -> None:
    components = openapi_document(app)["components"]
    promised = openapi_document(app)["paths"]["/api/v1/notes"]["post"]["responses"][status]["$ref"].split("/")[-1]
    (content,) = components["responses"][promised]["content"].values()
    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert codes <= content["examples"].keys()
    assert codes <= components["examples"].keys()
    assert codes <= set(components["schemas"]["ErrorCode"]["enum"])


def test_its_access_rows_are_asked_for(app: Litestar, notes: Feature) -> None:
    with pytest.raises(AssertionError, match=r"no access row for .*notes"):
        check_rows(app, rows_of_features())
    check_rows(app, joined([rows_of_features(), import_module("notes.access").ROWS]))


async def test_each_caller_gets_what_its_row_says(app: Litestar, database: Database, callers: Callers) -> None:
    async with served(app, database) as client:
        found = {
            name: (await client.post("/api/v1/notes", json={}, headers=bearer(callers, name))).status_code
            for name in callers.tokens
        }
    assert found == import_module("notes.access").ROWS["POST /api/v1/notes"]


async def test_its_errors_are_answered(app: Litestar, database: Database, callers: Callers) -> None:
    async with served(app, database) as client:
        sent = [("owner", "Once"), ("key", "Once"), ("owner", "ONCE"), ("commissioner", "Twice")]
        kept, *refused = [
            (await client.post("/api/v1/notes", json={"text": note}, headers=bearer(callers, name))).json()
            for name, note in sent
        ]
    assert kept == {"text": "Once"}
    assert [(problem["status"], problem["code"], problem["detail"]) for problem in refused] == [
        (409, "conflict", "This note is kept already."),
        (422, "loud_note", "A note is not shouted."),
        (403, "silenced", "Commissioners listen, and write no notes."),
    ]


async def test_its_acts_are_in_the_audit_log(app: Litestar, database: Database, callers: Callers) -> None:
    commissioner = bearer(callers, "commissioner")
    async with served(app, database) as client:
        for note in ("Once", "ONCE"):
            await client.post("/api/v1/notes", json={"text": note}, headers=bearer(callers, "owner"))
        read = (await client.get("/api/v1/audit-logs?action=note:written", headers=commissioner)).json()
        unknown = await client.get("/api/v1/audit-logs?action=note:lost", headers=commissioner)
    refused, done = read["items"]
    assert (done["outcome"], done["details"]) == ("success", {"text": "Once"})
    assert (refused["outcome"], refused["details"]["reason"]) == ("refused", "loud_note")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "action")


def test_a_guard_without_a_declaration_is_named() -> None:
    async def lenient(_: object, __: object) -> None: ...

    @get("/open", guards=[lenient], sync_to_thread=False)
    def handler() -> str:
        return ""

    app = create_app(NOWHERE, features=[*FEATURES, Feature(routers=[handler])])
    with pytest.raises(LookupError, match="The guard lenient does not declare whom it admits"):
        openapi_document(app)


def test_an_operation_without_a_described_tag_is_named() -> None:
    @get("/untagged", sync_to_thread=False)
    def untagged() -> str:
        return ""

    app = create_app(NOWHERE, features=[*FEATURES, Feature(routers=[untagged])])
    with pytest.raises(LookupError, match="The operation untagged has no tag that a feature describes"):
        openapi_document(app)


@pytest.mark.parametrize(
    ("feature", "shared"),
    [
        (Feature(constraints=accounts.constraints), "constraint uq_users_email"),
        (Feature(actions=accounts.actions), "audit action .*session:ended"),
        (Feature(tags=accounts.tags), "tag auth, users"),
    ],
)
def test_two_features_that_claim_one_thing_do_not_start(feature: Feature, shared: str) -> None:
    with pytest.raises(ValueError, match=f"Two features declare the {shared}"):
        create_app(NOWHERE, features=[*FEATURES, feature])
