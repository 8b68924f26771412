"""A value that does not validate is refused in words for people who know no Python, with the field that it is about."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from tests.server.http.test_query_names import ENDPOINTS, HANDLERS, ask, callers
from tests.support.api import Api
from tests.support.callers import Callers
from tests.support.people import Person
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_protocol import accounts, api_keys, commits, projects
from tgl_server.http.plain_words import field_error
from tgl_server.http.query_names import query_names

__all__ = ["callers"]

#: Bodies of requests that people write by hand.
STRICT: list[type[Struct]] = [
    accounts.Registration,
    accounts.Credentials,
    accounts.RefreshRequest,
    accounts.PasswordChange,
    accounts.UserChange,
    api_keys.NewKey,
    api_keys.KeyChange,
    api_keys.KeyRotation,
    projects.NewProject,
    projects.ProjectChange,
    projects.NewMember,
    projects.MemberChange,
    projects.NewRepo,
    projects.RepoChange,
]
#: What clients of other versions send, who may know more fields.
TOLERANT: list[type[Struct]] = [commits.Commit, commits.PushBatch, commits.MissingRequest, commits.RefsUpdate]

WRONG: list[Any] = [None, True, -1, 10**30, 1.5, "", "x", "A_!", "x" * 70_000, [], [1], ["x"] * 70_000, {}, {"a": 1}]
PYTHON = re.compile(
    r"`(str|int|float|bool|null|array|object|datetime|uuid)\b|regex|enum|RFC3339|Object|None|Struct|\bpath\b"
)


def faults_of(type_: type[Struct]) -> Iterator[tuple[str, str]]:
    """Each fault that a body can have in one field: the field, and what is said about it."""
    for field in msgspec.structs.fields(type_):
        found = [refused(type_, {field.encode_name: value}) for value in WRONG]
        yield from (
            (field.encode_name, each) for each in found if each and not each.startswith("This field is required")
        )


def refused(type_: type[Struct], body: dict[str, Any]) -> str:
    try:
        msgspec.json.decode(msgspec.json.encode(body), type=type_)
    except msgspec.ValidationError as error:
        told = field_error(error, type_)
        assert told.field
        return f"{told.message} ({told.field})"
    return ""


@pytest.mark.parametrize("type_", [*STRICT, *TOLERANT])
def test_every_fault_of_every_field_is_told_in_plain_words_with_the_field(type_: type[Struct]) -> None:
    faults = list(faults_of(type_))
    assert {name for name, _ in faults} == {field.encode_name for field in msgspec.structs.fields(type_)}
    assert [told for name, told in faults if f"({name}" not in told] == []
    assert [told for _, told in faults if PYTHON.search(told)] == []


@pytest.mark.parametrize("type_", STRICT)
def test_a_misspelt_field_is_refused_by_name(type_: type[Struct]) -> None:
    for field in msgspec.structs.fields(type_):
        mistyped = field.encode_name + field.encode_name[-1]
        assert (
            refused(type_, {mistyped: 1}) == f"There is no such field; did you mean `{field.encode_name}`? ({mistyped})"
        )


@pytest.mark.parametrize("type_", TOLERANT)
def test_what_clients_of_other_versions_send_beside_is_ignored(type_: type[Struct]) -> None:
    assert "There is no such field" not in refused(type_, {"sent_by_a_newer_client": 1})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{}", "This field is required (slug)"),
        (b'{"slug": "Web Shop"}', "Expected lower-case letters and digits, single hyphens between them (slug)"),
        (b'{"slug": "a", "name": ""}', "Expected text of at least 1 character (name)"),
        (b'{"slug": "a", "name": 1}', "Expected text, got a whole number (name)"),
    ],
)
def test_it_says_what_is_wanted(body: bytes, told: str) -> None:
    assert refused(projects.NewProject, msgspec.json.decode(body)) == told


def test_choices_are_listed() -> None:
    assert refused(projects.NewRepo, {"name": "a", "sync_method": "x"}) == (
        "Expected one of `push_client`, `pull_celery` (sync_method)"
    )


def test_a_place_inside_a_list_is_named() -> None:
    assert refused(commits.PushBatch, {"commits": [{}]}) == "This field is required (commits[0].sha)"
    assert refused(commits.RefsUpdate, {"refs": {"": None}}) == (
        "The name of an entry: Expected text of at least 1 character (refs)"
    )


def test_an_unknown_name_is_shown_without_what_a_terminal_would_obey() -> None:
    assert refused(projects.NewProject, {"\x1b[31m" + "a" * 9000: 1}).endswith(f"(?[31m{'a' * 59})")


async def test_a_person_who_registers_is_told_what_is_misspelt(anyone: Api) -> None:
    body = {"email": "ada@example.com", "password": "correct horse battery", "displayname": "Ada"}
    answer = await anyone.post("/api/v1/auth/register", body)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert answer.json["errors"] == [
        {"message": "There is no such field; did you mean `display_name`?", "field": "displayname"}
    ]


async def test_each_parameter_is_refused_in_plain_words(server: RunningServer, callers: Callers, world: World) -> None:
    for endpoint, name in [(each, name) for each in ENDPOINTS for name in sorted(query_names(HANDLERS[each]))]:
        answer = await ask(server, callers, world, endpoint, f"{name}=%00nonsense%F0")
        found = answer.json.get("errors", [])
        assert [each["field"] for each in found] == [name], (endpoint, answer.json)
        assert not PYTHON.search(found[0]["message"]), (endpoint, answer.json)


async def test_a_parameter_with_choices_lists_them(boss: Person) -> None:
    refused = (await boss.get("/users?state=gone")).json["errors"]
    assert refused == [{"message": "Expected one of `pending`, `active`, `retired`", "field": "state"}]


async def test_the_field_with_a_nul_is_named(boss: Person) -> None:
    refused = (await boss.post("/projects", {"slug": "team", "name": "a\x00b"})).json["errors"]
    assert refused == [{"message": "A text cannot contain U+0000", "field": "name"}]
