from collections.abc import AsyncIterator, Iterator

import pytest

from tests.api import Api
from tests.server.guarded import guarded_server, new_client
from tests.servers import RunningServer
from tests.world import World


@pytest.fixture(scope="session")
def guarded(migrated_url: str) -> Iterator[RunningServer]:
    """In production mode, with low limits and a body timeout of a second."""
    with guarded_server(migrated_url) as server:
        yield server


@pytest.fixture
async def stranger(guarded: RunningServer, database_url: str) -> AsyncIterator[Api]:
    """Somebody without a key."""
    async with Api(guarded.url) as api:
        yield api


@pytest.fixture
async def member(guarded: RunningServer, world: World) -> AsyncIterator[Api]:
    """Somebody with the world's key."""
    async with Api(guarded.url, world.key) as api:
        yield api


@pytest.fixture
def client() -> dict[str, str]:
    """The header of a client that has no requests behind it."""
    return new_client()
