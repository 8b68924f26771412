"""The OpenAPI document: where it is served, and that it says all there is to say."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.support.api import Api
from tests.support.documented import DOCUMENT
from tests.support.people import People
from tests.support.servers import RunningServer
from tgl_server import openapi
from tgl_server.accounts.models import Role
from tgl_server.features import FEATURES
from tgl_server.http.feature import gather

FETCHED = re.compile(rb"""src ?[:=] ?["']?https?://|url\(["']?http|cdn\.""")

OPERATIONS = [
    pytest.param(operation, id=operation["operationId"])
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
]


def test_each_operation_has_a_name_of_its_own() -> None:
    names = [str(case.id) for case in OPERATIONS]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("path", ["/schema", "/schema/openapi.json"])
async def test_the_server_serves_what_the_reference_shows(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json == DOCUMENT


async def test_it_is_served_as_yaml(api: Api) -> None:
    answer = await api.get("/schema/openapi.yaml")
    assert (answer.headers["Content-Type"], yaml.safe_load(answer.body)) == ("application/yaml", DOCUMENT)


async def test_a_browser_gets_a_page_that_loads_only_what_is_ours(start_server: Callable[..., RunningServer]) -> None:
    async with Api(start_server(api_title="A <b> & C").url) as api:
        page = await api.get("/schema", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        loaded = re.findall(r'(?:src|spec-url)="([^"]*)"', page.body.decode())
        answers = [await api.get(address) for address in loaded]
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<title>A &lt;b&gt; &amp; C</title>" in page.body.decode()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "http" not in policy + page.body.decode()
    kinds = [answer.headers["Content-Type"].partition(";")[0] for answer in answers]
    assert kinds == ["application/json", "text/javascript"]
    # What else names a host is a link, or an id that nobody fetches.
    assert FETCHED.findall(answers[1].body) == []
    published = (Path(openapi.__file__).parent / "redoc" / "redoc.standalone.js").read_bytes()
    assert published.replace(b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,") == answers[1].body


async def test_the_script_is_packed_and_kept(api: Api) -> None:
    address = re.findall(r'src="([^"]*)"', (await api.get("/schema", headers={"Accept": "text/html"})).body.decode())[0]
    packed = await api.get(address)
    plain = await api.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.body == plain.body
    assert "immutable" in plain.headers["Cache-Control"]


@pytest.mark.parametrize("page", ["swagger", "redoc", "elements", "rapidoc", "scalar", "oauth2-redirect.html"])
async def test_no_page_loads_scripts_from_elsewhere(api: Api, page: str) -> None:
    answer = await api.get(f"/schema/{page}")
    assert (answer.status, answer.json["code"]) == (404, "not_found")


async def test_asking_for_the_document_changes_no_other_answer(server: RunningServer, people: People) -> None:
    chef = await people.make("chef", Role.COMMISSIONER)
    project = (await chef.post("/projects", {"slug": "demo", "name": "Demo"})).json["id"]
    before = await chef.api.request("PATCH", f"/api/v1/projects/{project}")
    await chef.api.get("/schema")
    after = await chef.api.request("PATCH", f"/api/v1/projects/{project}")
    assert before.json["code"] == after.json["code"] == "invalid_body"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_described(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert all("$ref" in each or each["description"] for each in operation["parameters"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_heading_is_not_repeated_below_itself(operation: dict[str, Any]) -> None:
    assert not operation["description"].startswith(operation["summary"])


def test_no_two_operations_have_one_heading() -> None:
    headings = [operation["summary"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert sorted(set(headings)) == sorted(headings)


PROPERTIES = [
    pytest.param(name, schema, id=f"{owner}.{name}")
    for owner, found in DOCUMENT["components"]["schemas"].items()
    for name, schema in found.get("properties", {}).items()
]
UNITS = {"_seconds": "Seconds", "_minutes": "Minutes", "_days": "Days", "_bytes": "Bytes", "expires_in": "Seconds"}


@pytest.mark.parametrize(("name", "schema"), PROPERTIES)
def test_a_property_is_described_with_its_unit(name: str, schema: dict[str, Any]) -> None:
    assert schema["description"]
    unit = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")
    assert schema["description"].startswith(unit)


@pytest.mark.parametrize(("name", "schema"), PROPERTIES)
def test_a_property_that_is_a_time_says_so(name: str, schema: dict[str, Any]) -> None:
    if name.endswith(("_at", "_date", "_time")) or name == "at":
        assert {"type": "string", "format": "date-time"}.items() <= schema.get("anyOf", [schema])[0].items()


@pytest.mark.parametrize("name", DOCUMENT["components"]["responses"])
def test_every_refusal_is_the_one_problem_with_its_codes(name: str) -> None:
    (content,) = DOCUMENT["components"]["responses"][name]["content"].items()
    assert content[0] == "application/problem+json"
    assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert content[1]["examples"]


@pytest.mark.parametrize("topic", ["Tokens", "Limits", "Lists", "Times", "Errors", "Unknown fields"])
def test_the_introduction_says_what_is_true_of_all(topic: str) -> None:
    assert f"**{topic}" in DOCUMENT["info"]["description"]


@pytest.mark.parametrize("example", gather(FEATURES).examples, ids=lambda example: type(example).__name__)
def test_an_example_is_valid(example: msgspec.Struct) -> None:
    written = DOCUMENT["components"]["schemas"][type(example).__name__]["examples"]
    assert [msgspec.convert(each, type(example)) for each in written] == [example]


def test_every_body_and_answer_has_an_example() -> None:
    used = set(_references(DOCUMENT["paths"]))
    shown = {name for name, schema in DOCUMENT["components"]["schemas"].items() if "examples" in schema}
    enums = {name for name, schema in DOCUMENT["components"]["schemas"].items() if "enum" in schema}
    assert used - shown - enums == set()


def _references(part: Any) -> Any:
    if isinstance(part, dict):
        if str(part.get("$ref")).startswith("#/components/schemas/"):
            yield part["$ref"].rpartition("/")[2]
        for each in part.values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)
