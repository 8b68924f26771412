"""Who may do what: every endpoint against every kind of caller.

The endpoints come from the application's routes, so that a new one without an entry here fails. A caller who is let
in is answered 422 where the endpoint wants a body, as the one sent is empty; that is still "let in".
"""

from typing import Any

import pytest
from litestar import Litestar

from tests.api import Api
from tests.server.callers import KEYS, PEOPLE, STRANGERS, Callers
from tests.servers import RunningServer
from tests.world import World
from tgl_server.app import create_app
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

Expected = dict[str, int]

#: What the web serves to everybody and this matrix says nothing about.
DOCUMENTATION = "/schema"


def public(status: int) -> Expected:
    """Nobody is asked who they are."""
    return dict.fromkeys((*STRANGERS, *PEOPLE, *KEYS), status)


def known(**statuses: int) -> Expected:
    """Strangers get 401; who waits for approval or has retired, and a key from elsewhere, 403; the others as given."""
    found = dict.fromkeys(STRANGERS, 401) | {"pending": 403, "key from another network": 403, "retired user's key": 403}
    return found | {_NAMES.get(name, name): status for name, status in statuses.items()}


_NAMES = {
    "reading_key": "key that reads",
    "pushing_key": "key that pushes",
    "other_key": "key for another repository",
    "away_key": "key from another network",
}


def keys(status: int) -> Expected:
    return {"key": status, "reading_key": status, "pushing_key": status, "other_key": status}


def members(status: int) -> Expected:
    return {"member": status, "maintainer": status, "owner": status}


OUTSIDERS = {"spectator": 404, "player": 404}


def reads_repository(ok: int = 200) -> Expected:
    return known(**OUTSIDERS, **members(ok), commissioner=ok, key=ok, reading_key=ok, pushing_key=403, other_key=404)


def reads_sync(ok: int = 200) -> Expected:
    return known(**OUTSIDERS, **members(ok), commissioner=ok, key=ok, reading_key=ok, pushing_key=ok, other_key=404)


def pushes(ok: int) -> Expected:
    people = {"member": 403, "maintainer": ok, "owner": ok, "commissioner": 403}
    return known(**OUTSIDERS, **people, key=ok, reading_key=403, pushing_key=ok, other_key=404)


def web(spectator: int, player: int, member: int, maintainer: int, owner: int, commissioner: int) -> Expected:
    """For people who have logged in; a key is told so."""
    people = {"spectator": spectator, "player": player, "member": member, "maintainer": maintainer, "owner": owner}
    return known(**people, commissioner=commissioner, **keys(403))


MATRIX: dict[str, Expected] = {
    "GET /health": public(200),
    "GET /ready": public(200),
    "GET /metrics": public(200),
    "GET /api/v1/capabilities": public(200),
    "POST /api/v1/auth/register": public(422),
    "POST /api/v1/auth/login": public(422),
    "POST /api/v1/auth/refresh": public(422),
    "POST /api/v1/auth/logout": web(204, 204, 204, 204, 204, 204) | {"pending": 204},
    "GET /api/v1/auth/me": known(**dict.fromkeys(PEOPLE, 200), **keys(200)),
    "POST /api/v1/auth/password": web(422, 422, 422, 422, 422, 422),
    "GET /api/v1/users": web(403, 403, 403, 403, 403, 200),
    "PATCH /api/v1/users/{user_id}": web(403, 403, 403, 403, 403, 200),
    "GET /api/v1/api-keys": web(200, 200, 200, 200, 200, 200),
    "POST /api/v1/api-keys": web(422, 422, 422, 422, 422, 422),
    "GET /api/v1/api-keys/{key_id}": web(404, 404, 404, 404, 200, 404),
    "PATCH /api/v1/api-keys/{key_id}": web(404, 404, 404, 404, 200, 404),
    "DELETE /api/v1/api-keys/{key_id}": web(404, 404, 404, 404, 204, 404),
    "POST /api/v1/api-keys/{key_id}/rotate": web(404, 404, 404, 404, 201, 404),
    "GET /api/v1/projects": known(
        spectator=200,
        player=200,
        **members(200),
        commissioner=200,
        key=200,
        reading_key=200,
        pushing_key=403,
        other_key=200,
    ),
    "POST /api/v1/projects": web(403, 422, 422, 422, 422, 422),
    "GET /api/v1/projects/{project}": reads_repository(),
    "PATCH /api/v1/projects/{project}": web(404, 404, 403, 200, 200, 403),
    "DELETE /api/v1/projects/{project}": web(404, 404, 403, 403, 200, 403),
    "GET /api/v1/projects/{project}/members": reads_repository(),
    "POST /api/v1/projects/{project}/members": web(404, 404, 403, 422, 422, 403),
    "PATCH /api/v1/projects/{project}/members/{user_id}": web(404, 404, 403, 422, 422, 403),
    "DELETE /api/v1/projects/{project}/members/{user_id}": web(404, 404, 204, 204, 204, 403),
    "GET /api/v1/projects/{project}/repos": reads_repository(),
    "POST /api/v1/projects/{project}/repos": pushes(422),
    "GET /api/v1/projects/{project}/repos/{repo}": reads_repository(),
    "PATCH /api/v1/projects/{project}/repos/{repo}": web(404, 404, 403, 200, 200, 403),
    "DELETE /api/v1/projects/{project}/repos/{repo}": web(404, 404, 403, 200, 200, 403),
    "GET /api/v1/projects/{project}/repos/{repo}/commits": reads_repository(),
    "POST /api/v1/sync/projects/{project}/repos/{repo}/commits": pushes(422),
    "POST /api/v1/sync/projects/{project}/repos/{repo}/commits/stream": pushes(415),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/status": reads_sync(),
    "POST /api/v1/sync/projects/{project}/repos/{repo}/missing": pushes(422),
    "PUT /api/v1/sync/projects/{project}/repos/{repo}/refs": pushes(422),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/runs": reads_sync(),
    "GET /api/v1/sync/projects/{project}/repos/{repo}/clients": pushes(200),
    "GET /api/v1/audit-logs": web(403, 403, 403, 403, 403, 200),
}


def endpoints(app: Litestar) -> set[str]:
    return {
        f"{method} {route.path_format}"
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method not in ("OPTIONS", "HEAD") and not route.path.startswith(DOCUMENTATION)
    }


def test_every_endpoint_has_its_row() -> None:
    assert endpoints(create_app(Settings(database_url="postgresql://nowhere/none"))) == set(MATRIX)


@pytest.mark.parametrize("endpoint", MATRIX)
async def test_each_caller_gets_what_is_theirs(
    endpoint: str, server: RunningServer, database: Database, world: World
) -> None:
    callers = Callers(database, world)
    await callers.make()
    names = {"project": world.project, "repo": world.repo, "user_id": callers.member_id, "key_id": callers.key_id}
    method, path = endpoint.format(**names).split()
    found = {}
    for caller, token in callers.tokens.items():
        await callers.restore()
        async with Api(server.url, token) as api:
            found[caller] = (await api.request(method, path, json=_body(method))).status
    assert found == MATRIX[endpoint]


def _body(method: str) -> Any:
    return {} if method in ("POST", "PUT", "PATCH") else None
