from collections.abc import AsyncIterator

import pytest

from tests.support.databases import own_database
from tgl_server.db.embedded import EmbeddedPostgres


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database of the test's own, without a table."""
    async with own_database(postgres) as url:
        yield url
