"""Who may read the metrics."""

from collections.abc import Callable

import pytest

from tests.support.api import Api
from tests.support.servers import METRICS_TOKEN, RunningServer
from tests.support.world import World

FOREIGN = {"X-Forwarded-For": "198.51.100.7"}


async def _status(server: RunningServer, **headers: str) -> int:
    async with Api(server.url) as api:
        return (
            await api.get("/metrics", headers={name.replace("_", "-"): text for name, text in headers.items()})
        ).status


async def test_by_default_only_this_machine_may_read(server: RunningServer) -> None:
    assert await _status(server) == 200


async def test_whoever_comes_through_a_proxy_on_this_machine_is_not_this_machine(server: RunningServer) -> None:
    for header in ("X_Forwarded_For", "Forwarded", "X_Real_IP", "Via", "X_Forwarded_Proto", "CF_Connecting_IP"):
        assert await _status(server, **{header: "127.0.0.1"}) == 404


@pytest.mark.parametrize(("proxies", "status"), [("127.0.0.0/8", 404), ("::1", 404), ("10.0.0.0/8", 200)])
async def test_a_request_that_says_not_whom_it_is_from_is_a_trusted_proxy_s(
    proxies: str, status: int, start_server: Callable[..., RunningServer], world: World
) -> None:
    server = start_server(trusted_proxies=proxies)
    assert await _status(server) == status
    assert await _status(server, **FOREIGN) == 404
    assert await _status(server, X_Forwarded_For="127.0.0.1") == 404


async def test_off_hides_them_and_open_shows_them_to_all(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    hidden = start_server(metrics_access="off", metrics_token=METRICS_TOKEN)
    assert await _status(hidden, Authorization=f"Bearer {METRICS_TOKEN}") == 404
    shown = start_server(metrics_access="open", trusted_proxies="127.0.0.1")
    assert await _status(shown, **FOREIGN) == 200


async def test_with_a_token_it_alone_decides(another_server: RunningServer, world: World) -> None:
    assert await _status(another_server, Authorization=f"Bearer {METRICS_TOKEN}", **FOREIGN) == 200
    assert await _status(another_server) == 401
    assert await _status(another_server, Authorization=f"Bearer {METRICS_TOKEN}x") == 401
    assert await _status(another_server, Authorization="Bearer tök") == 401
    assert await _status(another_server, Authorization=f"Bearer {world.key}") == 401
    assert METRICS_TOKEN not in another_server.log()
