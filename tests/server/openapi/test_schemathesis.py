"""What the OpenAPI document promises, held against a real server by requests that schemathesis makes from it.

The same requests each time: generation is deterministic and nothing is kept between runs. Most of them name things
that exist, as an invented project would only ever answer 404; one in four keeps what was invented.
"""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, CheckFunction, load_all_checks
from schemathesis.config import GenerationConfig, SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.support.callers import SETTINGS
from tests.support.documented import DOCUMENT
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.accounts.models import AuthSession, Role
from tgl_server.accounts.service import create_user
from tgl_server.auth.access_token import AccessTokens
from tgl_server.db.engine import Database
from tgl_server.http.decompression import CONTENT_ENCODINGS
from tgl_server.settings import Settings

Case = schemathesis.Case[Any]

CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
# What is changed or deleted is made for it: whoever deleted the project would leave 404 for all who come later.
CHANGING = ("PATCH", "DELETE")
INVENTED_IN = 4
RANDOM_CASES = 4

load_all_checks()


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: object, value: object) -> bytes:
    """Schemathesis knows no streams; the document calls the body a text, which is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer("application/msgpack")
def as_messagepack(_: object, value: object) -> bytes:
    """Schemathesis does not know it either. It has no integers of more than 64 bits, and no value begins with C1."""
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return b"\xc1"


@dataclass
class Caller:
    """Sends the cases of one kind of token, and knows the names of things that exist."""

    url: str
    token: str
    admin: str
    user_id: UUID
    database_url: str
    names: dict[str, str]
    last_sent: str = ""
    turn: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    http: requests.Session = field(default_factory=requests.Session)

    def send(self, case: Case) -> None:
        self._name_real_things(case)
        if case.headers.get("Content-Encoding") in CONTENT_ENCODINGS:
            del case.headers["Content-Encoding"]  # it says so, and does not compress
        headers = {"Authorization": f"Bearer {self._token(case)}"}
        # A stream takes what is no commit as well, and says so in its answer.
        self.last_sent = repr((case.path_parameters, case.query, case.headers, case.body))
        left_out = {"negative_data_rejection"} if case.path.endswith("/stream") else set()
        checks = [cast("CheckFunction", CHECKS.get_one(name)) for name in CHECKED if name not in left_out]
        case.call_and_validate(self.url, session=self.http, headers=headers, checks=checks)

    def _token(self, case: Case) -> str:
        """Logging out is the end of a session, so not of the one that is needed afterwards."""
        if self.token == self.admin and case.path.endswith("/logout"):
            return asyncio.run(open_session(self.database_url, self.user_id))
        return self.token

    def _name_real_things(self, case: Case) -> None:
        if not case.path_parameters or next(self.turn) % INVENTED_IN == 0:
            return
        is_changed = self.token == self.admin and "project" in case.path_parameters and case.method in CHANGING
        names = {**self.names, **self._make_project()} if is_changed else self.names
        case.path_parameters.update({name: names[name] for name in case.path_parameters if name in names})

    def _make_project(self) -> dict[str, str]:
        slug = f"victim-{next(self.turn)}"
        project = self._post("/projects", {"slug": slug, "name": slug})["id"]
        self._post(f"/projects/{project}/members", {"user_id": self.names["user_id"]})
        return {"project": project, "repo": self._post(f"/projects/{project}/repos", {"name": "first"})["id"]}

    def _post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.admin}"}
        answer = self.http.post(f"{self.url}/api/v1{path}", json=body, headers=headers)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made


async def open_session(database_url: str, user_id: UUID) -> str:
    """An access token."""
    database = Database(Settings(database_url=database_url))
    async with database.transaction() as tx:
        session = AuthSession(user_id=user_id, expires_at=datetime.now(UTC) + timedelta(days=1))
        tx.add(session)
        await tx.flush()
        token = AccessTokens(SETTINGS).issue(user_id, session.id, datetime.now(UTC))
    await database.close()
    return token


async def add_player(database_url: str) -> UUID:
    database = Database(Settings(database_url=database_url))
    async with database.transaction() as tx:
        user_id = (await create_user(tx, "player@example.com", role=Role.PLAYER)).id
    await database.close()
    return user_id


@pytest.fixture
def caller(kind: str, server: RunningServer, world: World) -> Caller:
    admin = asyncio.run(open_session(server.database_url, world.user_id))
    player = asyncio.run(add_player(server.database_url))
    names = {"project": str(world.project_id), "repo": str(world.repo_id), "user_id": str(player)}
    token = admin if kind == "session" else world.key
    made = Caller(server.url, token, admin, world.user_id, server.database_url, names)
    key = made._post("/api-keys", {"name": "not the one in use"})
    made._post(f"/projects/{world.project_id}/members", {"user_id": str(player)})
    names["key_id"] = key["id"]
    return made


@pytest.fixture(scope="module")
def promised() -> OpenApiSchema:
    config = {"seed": 1, "phases": {"coverage": {"unexpected-methods": ["PUT"]}}}
    return schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict(config))


#: What keys are made for: the others are answered like sessions, and sessions there like keys, as is shown at length.
FOR_KEYS = ("sync", "commits")
TAGS = [tag["name"] for tag in DOCUMENT["tags"]]


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        *(pytest.param("session", tag, marks=[pytest.mark.slow] if tag in FOR_KEYS else []) for tag in TAGS),
        *(pytest.param("key", tag, marks=[] if tag in FOR_KEYS else [pytest.mark.slow]) for tag in TAGS),
    ],
)
def test_every_answer_is_as_documented(tag: str, promised: OpenApiSchema, caller: Caller) -> None:
    broken: list[str] = []
    for found in promised.include(tag=tag).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        try:
            # Where keys are not taken there is nothing else to see, and the table of rights asks that.
            if caller.token == caller.admin or takes_keys(operation):
                send_random_cases(operation, caller)
                send_chosen_cases(operation, caller)
        except (Failure, FailureGroup) as failure:
            reasons = getattr(failure, "exceptions", [failure])
            broken.append("\n".join([f"{operation.label}, last sent: {caller.last_sent}", *map(str, reasons)]))
    assert not broken, "\n\n".join(broken)


def takes_keys(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    return any("apiKey" in way for way in DOCUMENT["paths"][operation.path][operation.method]["security"])


def send_chosen_cases(operation: APIOperation[Any, Any, Any, Any], caller: Caller) -> None:
    """The values at and beyond each limit."""
    schema: OpenApiSchema = operation.schema
    modes, config = list(GenerationMode), GenerationConfig(deterministic=True)
    for case in schema.iter_coverage_cases(operation, generation_modes=modes, generation_config=config):
        caller.send(case)


def send_random_cases(operation: APIOperation[Any, Any, Any, Any], caller: Caller) -> None:
    valid = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)

    @settings(
        max_examples=RANDOM_CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(valid)
    def send(case: Case) -> None:
        caller.send(case)

    send()
