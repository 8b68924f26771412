"""The functions with which a feature's `access.py` states who may do what, and the rows of all features together.

A row is what each kind of caller is answered: its key is a method and a path. A caller who is let in is answered 422
where the endpoint wants a body, as the one sent is empty; that is still "let in".
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from litestar import Litestar
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from tests.support.callers import KEYS, PEOPLE, STRANGERS
from tgl_server.http.declarations import Page, declared

Expected = dict[str, int]
Rows = Mapping[str, Expected]

#: What the web serves to everybody and no row says anything about.
DOCUMENTATION = "/schema"
_ADDED = ("OPTIONS", "HEAD")

_FEATURES = Path(__file__).parents[1] / "server"
_NAMES = {
    "reading_key": "key that reads",
    "pushing_key": "key that pushes",
    "other_key": "key for another repository",
    "away_key": "key from another network",
}


def public(status: int) -> Expected:
    """A row for an endpoint that does not ask who the caller is."""
    return dict.fromkeys((*STRANGERS, *PEOPLE, *KEYS), status)


def known(**statuses: int) -> Expected:
    """Strangers get 401; who waits for approval or has retired, and a key from elsewhere, 403; the others as given."""
    found = dict.fromkeys(STRANGERS, 401) | {"pending": 403, "key from another network": 403, "retired user's key": 403}
    return found | {_NAMES.get(name, name): status for name, status in statuses.items()}


def keys(status: int) -> Expected:
    """The callers with a key of an active account that may be used from here."""
    return {"key": status, "reading_key": status, "pushing_key": status, "other_key": status}


def members(status: int) -> Expected:
    """The callers who are members of the project."""
    return {"member": status, "maintainer": status, "owner": status}


OUTSIDERS = {"spectator": 404, "player": 404}


def reads_repository(ok: int = 200) -> Expected:
    """A row for an endpoint that shows what is in a repository, or who is in a project."""
    return known(**OUTSIDERS, **members(ok), commissioner=ok, key=ok, reading_key=ok, pushing_key=403, other_key=404)


def reads_sync(ok: int = 200) -> Expected:
    """A row for an endpoint that shows where to push, or how far a repository has been pushed."""
    return known(**OUTSIDERS, **members(ok), commissioner=ok, key=ok, reading_key=ok, pushing_key=ok, other_key=404)


def pushes(ok: int) -> Expected:
    """A row for an endpoint that pushes to a repository."""
    people = {"member": 403, "maintainer": ok, "owner": ok, "commissioner": 403}
    return known(**OUTSIDERS, **people, key=ok, reading_key=403, pushing_key=ok, other_key=404)


def web(spectator: int, player: int, member: int, maintainer: int, owner: int, commissioner: int) -> Expected:
    """A row for an endpoint that needs a session, and tells keys so."""
    people = {"spectator": spectator, "player": player, "member": member, "maintainer": maintainer, "owner": owner}
    return known(**people, commissioner=commissioner, **keys(403))


def rows_of_features() -> dict[str, Expected]:
    """The `ROWS` of each `tests/server/<feature>/access.py`."""
    features = sorted(path.parent.name for path in _FEATURES.glob("*/access.py"))
    return joined(import_module(f"tests.server.{name}.access").ROWS for name in features)


def joined(parts: Iterable[Rows]) -> dict[str, Expected]:
    """All rows together; raises AssertionError if two features have one for the same endpoint."""
    found: dict[str, Expected] = {}
    for rows in parts:
        assert not found.keys() & rows.keys(), f"two rows for {found.keys() & rows.keys()}"
        found |= rows
    return found


def _handlers(route: object) -> Iterable[tuple[str, BaseRouteHandler]]:
    """The handlers of a route by their methods, without those that Litestar adds."""
    found: list[HTTPRouteHandler] = getattr(route, "route_handlers", [])
    return [(method, handler) for handler in found for method in handler.http_methods if method not in _ADDED]


def check_rows(app: Litestar, rows: Rows) -> None:
    """Raises AssertionError for an endpoint without a row, and for a row without an endpoint."""
    endpoints = {
        f"{method} {route.path_format}"
        for route in app.routes
        for method, handler in _handlers(route)
        if not route.path.startswith(DOCUMENTATION) and declared(handler, Page) is None
    }
    without_row, without_endpoint = endpoints - rows.keys(), rows.keys() - endpoints
    assert not without_row, f"no access row for {sorted(without_row)}"
    assert not without_endpoint, f"an access row, but no endpoint: {sorted(without_endpoint)}"
