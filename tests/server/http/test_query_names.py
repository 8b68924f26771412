"""A query parameter that an address does not take is refused by name, at every address but those of probes."""

from itertools import product

import pytest
from litestar.routes import HTTPRoute

from tests.support.access import DOCUMENTATION, rows_of_features
from tests.support.api import Answer, Api
from tests.support.callers import Callers
from tests.support.people import Person
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.app import create_app
from tgl_server.db.engine import Database
from tgl_server.http.declarations import AnyQuery, Page, declared
from tgl_server.http.query_names import name_faults, query_names
from tgl_server.settings import Settings

PROBES = {"GET /health", "GET /ready"}
#: Says what to choose to a forge that sends by GET, whatever it sends.
HINT = "GET /api/v1/webhooks/{hook_id}"
ENDPOINTS = sorted(rows_of_features())
#: Who is let in where the owner is not.
COMMISSIONERS = ("users", "audit-logs", "players", "identities", "claims", "mailmap", "leagues")
LET_IN = {f"/api/v1/{name}": "commissioner" for name in COMMISSIONERS}

HANDLERS = {
    f"{method} {route.path_format}": handler
    for route in create_app(Settings(database_url="postgresql://nowhere/none")).routes
    if isinstance(route, HTTPRoute) and not route.path.startswith(DOCUMENTATION)
    for method, (handler, _) in route.route_handler_map.items()
    if method != "OPTIONS" and declared(handler, Page) is None
}


@pytest.fixture
async def callers(database: Database, world: World) -> Callers:
    callers = Callers(database, world)
    await callers.make()
    return callers


async def ask(server: RunningServer, callers: Callers, world: World, endpoint: str, query: str) -> Answer:
    """The answer to somebody who is let in at this endpoint."""
    method, path = callers.address(endpoint)
    caller = next((name for prefix, name in LET_IN.items() if path.startswith(prefix)), "owner")
    async with Api(server.url, callers.tokens[caller]) as api:
        return await api.request(method, f"{path}?{query}", json={} if method in ("POST", "PUT", "PATCH") else None)


def test_probes_alone_take_any_query() -> None:
    assert {endpoint for endpoint, handler in HANDLERS.items() if declared(handler, AnyQuery)} == PROBES | {HINT}


async def test_an_unknown_parameter_is_refused_by_name_everywhere(
    server: RunningServer, callers: Callers, world: World
) -> None:
    refused = {}
    for endpoint in set(ENDPOINTS) - PROBES - {HINT}:
        answer = await ask(server, callers, world, endpoint, "page=2&auther=x")
        refused[endpoint] = (answer.status, answer.json["code"], [error["field"] for error in answer.json["errors"]])
    assert refused == dict.fromkeys(set(ENDPOINTS) - PROBES - {HINT}, (422, "invalid_parameter", ["page", "auther"]))


async def test_each_parameter_is_refused_when_sent_twice_and_meant_when_mistyped(
    server: RunningServer, callers: Callers, world: World
) -> None:
    for endpoint, name in [(each, name) for each in ENDPOINTS for name in sorted(query_names(HANDLERS[each]))]:
        answer = await ask(server, callers, world, endpoint, f"{name}=1&{name}=1&{name}{name[-1]}=1")
        mistyped, twice = answer.json["errors"]
        assert (mistyped["field"], twice["field"]) == (name + name[-1], name), endpoint
        assert f"did you mean `{name}`?" in mistyped["message"]
        assert "more than once" in twice["message"]


@pytest.mark.parametrize("endpoint", sorted(PROBES))
async def test_a_probe_may_defeat_caches(endpoint: str, server: RunningServer, callers: Callers, world: World) -> None:
    assert (await ask(server, callers, world, endpoint, "_=1764295200")).status == 200


@pytest.mark.parametrize("path", ["/schema", "/schema/openapi.json", "/schema/openapi.yaml"])
async def test_the_document_takes_none_either(path: str, anyone: Api) -> None:
    answers = [await anyone.get(f"{path}?auther=x", headers={"Accept": kind}) for kind in ("text/html", "*/*")]
    assert [answer.json["errors"][0]["field"] for answer in answers] == ["auther", "auther"]


async def test_who_may_not_call_learns_no_names(anyone: Api) -> None:
    assert (await anyone.get("/api/v1/audit-logs?auther=x")).json["code"] == "missing_credentials"


async def test_nothing_is_done_by_a_request_with_a_mistyped_parameter(ada: Person) -> None:
    assert (await ada.post("/projects?dry_run=true", {"slug": "team", "name": "Team"})).status == 422
    assert (await ada.get("/projects")).json["items"] == []


@pytest.mark.parametrize("query", ["", "&", "limit=5"])
async def test_what_it_takes_passes(query: str, ada: Person) -> None:
    assert (await ada.get(f"/projects?{query}")).status == 200


def test_a_name_is_shown_without_what_a_terminal_would_obey() -> None:
    (fault,) = name_faults(["\x1b[31m\u202e" + "a" * 100], ["author"])
    assert fault.field == "?[31m?" + "a" * 58


def test_of_thousands_of_names_the_first_are_told() -> None:
    many = ["".join(letters) for letters in product("abcdefghij", repeat=4)]
    assert [fault.field for fault in name_faults(many, ["author", "since"])] == many[:10]
