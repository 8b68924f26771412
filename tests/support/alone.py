"""A database for one package of tests, which its `conftest.py` takes instead of the one that all share.

On the shared one a server of other tests may run, with settings and a clock of its own.
"""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.databases import create_database
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings


@pytest.fixture(scope="package")
def migrated_url(postgres: EmbeddedPostgres, own_loop: asyncio.Runner) -> str:
    """The database, which is gone with its PostgreSQL."""
    url = own_loop.run(create_database(postgres))
    migrate.upgrade(url)
    return url


@pytest.fixture(scope="package")
def own_pool(migrated_url: str, own_loop: asyncio.Runner) -> Iterator[Database]:
    """Connections to it that are kept from test to test."""
    database = Database(Settings(database_url=migrated_url))
    yield database
    own_loop.run(database.close())
