from collections.abc import AsyncIterator

import pytest

from tests.api import Api
from tests.server.people import people
from tests.servers import RunningServer

__all__ = ["people"]


@pytest.fixture
async def anyone(server: RunningServer, database_url: str) -> AsyncIterator[Api]:
    """Requests without credentials, to a server over an empty database."""
    async with Api(server.url) as api:
        yield api
