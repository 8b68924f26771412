"""HEAD says what GET would say, without a body."""

import pytest

from tests.support.api import Api
from tests.support.servers import RunningServer
from tests.support.world import World

SAME = ("Content-Type", "Content-Length", "Cache-Control")


@pytest.mark.parametrize(
    "path", ["/health", "/ready", "/api/v1/capabilities", "/api/v1/projects", "/schema", "/nowhere"]
)
async def test_head_has_the_status_and_headers_of_get(path: str, api: Api) -> None:
    head, got = await api.request("HEAD", path), await api.get(path)
    assert (head.status, head.body) == (got.status, b"")
    if "capabilities" not in path:  # which tell the time
        assert [head.headers.get(name) for name in SAME] == [got.headers.get(name) for name in SAME]


async def test_head_has_the_guards_of_get(server: RunningServer, world: World) -> None:
    async with Api(server.url) as anyone:
        assert (await anyone.request("HEAD", f"{world.sync_path}/status")).status == 401
    async with Api(server.url, world.key) as api:
        assert (
            await api.request("HEAD", f"{world.sync_path}/status", headers={"X-Request-Id": "a-head"})
        ).status == 200
        assert (await api.request("HEAD", f"{world.sync_path}/missing")).status == 405
    assert "method=HEAD" in await server.logged("a-head")
