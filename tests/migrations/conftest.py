from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from tgl_server.db.embedded import EmbeddedPostgres


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database of the test's own, without a table."""
    name = f"empty_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.libpq_dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    yield make_url(postgres.dsn).set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
