"""A refusal before the body has been read must not spoil the client's next request."""

from io import BytesIO

import pytest

from tests.support.api import Api
from tests.support.servers import RunningServer
from tests.support.world import World

BODY = b" " * 1_000_000
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(("key", "path", "status"), [("bad", "demo/repos/first", 401), ("good", "no/repos/no", 404)])
async def test_refusals_of_large_bodies_all_arrive_over_kept_connections(
    server: RunningServer, world: World, key: str, path: str, status: int
) -> None:
    async with Api(server.url, world.key if key == "good" else "nonsense") as api:
        for _ in range(20):
            answer = await api.request(
                "POST", f"/api/v1/sync/projects/{path}/commits", data=BytesIO(BODY), headers=JSON
            )
            assert (answer.status, "Connection" in answer.headers) == (status, False)
