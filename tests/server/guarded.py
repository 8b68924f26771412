"""A server with limits low enough to be reached, whose clients say who they are.

The tests are its trusted proxy, so that each test has an address, and so counts, of its own.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers import RunningServer, running_server

SYNC_LIMIT, LOGIN_LIMIT, API_LIMIT = 5, 3, 7
ORIGIN = "https://dashboard.example"
SECRET_KEY = "5Zq0vN8fWk2RjT6yHbXcLs4MpGd9QeUa"

_addresses = itertools.count(1)


@contextmanager
def guarded_server(database_url: str, **settings: object) -> Iterator[RunningServer]:
    """In production mode, over a migrated database."""
    given = {
        "environment": "production",
        "secret_key": SECRET_KEY,
        "trusted_proxies": "127.0.0.1,10.0.0.0/8",
        "cors_origins": ORIGIN,
        "body_timeout_seconds": 1,
        "sync_requests_per_minute": SYNC_LIMIT,
        "login_requests_per_minute": LOGIN_LIMIT,
        "api_requests_per_minute": API_LIMIT,
    }
    with running_server(database_url=database_url, workers=1, **(given | settings)) as server:
        yield server


def new_client() -> dict[str, str]:
    """The header of a client that nobody has seen before."""
    number = next(_addresses)
    return {"X-Forwarded-For": f"198.51.{number // 256}.{number % 256}"}
