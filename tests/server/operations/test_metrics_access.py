"""Who may read the metrics."""

from collections.abc import Callable

from tests.api import Api
from tests.server.guarded import guarded_server
from tests.servers import RunningServer
from tests.world import World

TOKEN = "a-token-of-prometheus"
FOREIGN = {"X-Forwarded-For": "198.51.100.7"}


async def _status(server: RunningServer, **headers: str) -> int:
    async with Api(server.url) as api:
        return (
            await api.get("/metrics", headers={name.replace("_", "-"): text for name, text in headers.items()})
        ).status


async def test_by_default_only_this_machine_may_read(server: RunningServer) -> None:
    assert await _status(server) == 200


async def test_whoever_comes_through_a_proxy_on_this_machine_is_not_this_machine(server: RunningServer) -> None:
    for header in ("X_Forwarded_For", "Forwarded", "X_Real_IP", "Via"):
        assert await _status(server, **{header: "127.0.0.1"}) == 404


async def test_a_trusted_proxy_on_this_machine_does_not_open_them(migrated_url: str, world: World) -> None:
    with guarded_server(migrated_url) as behind_proxy:
        assert await _status(behind_proxy) == 200
        assert await _status(behind_proxy, **FOREIGN) == 404
        assert await _status(behind_proxy, X_Forwarded_For="127.0.0.1") == 404


async def test_off_hides_them_and_open_shows_them_to_all(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    assert (
        await _status(start_server(metrics_access="off", metrics_token=TOKEN), Authorization=f"Bearer {TOKEN}") == 404
    )
    assert await _status(start_server(metrics_access="open", trusted_proxies="127.0.0.1"), **FOREIGN) == 200


async def test_with_a_token_it_alone_decides(start_server: Callable[..., RunningServer], world: World) -> None:
    server = start_server(metrics_token=TOKEN, trusted_proxies="127.0.0.1")
    assert await _status(server, Authorization=f"Bearer {TOKEN}", **FOREIGN) == 200
    assert await _status(server) == 401
    assert await _status(server, Authorization=f"Bearer {TOKEN}x") == 401
    assert await _status(server, Authorization="Bearer tök") == 401
    assert await _status(server, Authorization=f"Bearer {world.key}") == 401
    assert TOKEN not in server.log()
