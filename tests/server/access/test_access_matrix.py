"""Who may do what: every endpoint against every kind of caller.

The endpoints come from the application's routes and their rows from the features, so that a new endpoint without a row
fails, and so does a row whose endpoint is gone.
"""

from typing import Any

import pytest
from litestar import Litestar

from tests.support.access import check_rows, joined, rows_of_features
from tests.support.api import Api
from tests.support.callers import Callers
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.app import create_app
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

ROWS = rows_of_features()


@pytest.fixture
def app() -> Litestar:
    return create_app(Settings(database_url="postgresql://nowhere/none"))


def test_every_endpoint_has_its_row(app: Litestar) -> None:
    check_rows(app, ROWS)


def test_an_endpoint_without_its_row_is_found(app: Litestar) -> None:
    with pytest.raises(AssertionError, match="no access row"):
        check_rows(app, {endpoint: row for endpoint, row in ROWS.items() if endpoint != "GET /ready"})


def test_a_row_without_an_endpoint_is_found(app: Litestar) -> None:
    with pytest.raises(AssertionError, match="no endpoint"):
        check_rows(app, ROWS | {"GET /api/v1/gone": {}})


def test_two_rows_for_an_endpoint_are_found() -> None:
    with pytest.raises(AssertionError, match="two rows"):
        joined([ROWS, {"GET /ready": {}}])


@pytest.mark.parametrize("endpoint", ROWS)
async def test_each_caller_gets_what_is_theirs(
    endpoint: str, server: RunningServer, database: Database, world: World
) -> None:
    callers = Callers(database, world)
    await callers.make()
    method, path = callers.address(endpoint)
    found = {}
    for caller, token in callers.tokens.items():
        if method != "GET":
            await callers.restore()
        async with Api(server.url, token) as api:
            found[caller] = (await api.request(method, path, json=_body(method))).status
    assert found == ROWS[endpoint]


def _body(method: str) -> Any:
    return {} if method in ("POST", "PUT", "PATCH") else None
