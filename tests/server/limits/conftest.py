from collections.abc import AsyncIterator, Iterator

import pytest

from tests.api import Api
from tests.server.guarded import guarded_server
from tests.servers import RunningServer
from tests.world import World


@pytest.fixture(scope="session")
def limited_server(migrated_url: str) -> Iterator[RunningServer]:
    with guarded_server(migrated_url) as server:
        yield server


@pytest.fixture
async def limited(limited_server: RunningServer, world: World) -> AsyncIterator[Api]:
    """Requests to the server with low limits, with the world's key."""
    async with Api(limited_server.url, world.key) as api:
        yield api
