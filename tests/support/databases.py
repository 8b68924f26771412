"""Databases of a test's own, beside the one that tests share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings


async def create_database(postgres: EmbeddedPostgres, template: str = "template1") -> str:
    """The URL of a new database, made like another one that nobody is connected to."""
    name = f"own_{uuid4().hex}"
    await _execute(postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    return make_url(postgres.dsn).set(database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def own_database(postgres: EmbeddedPostgres, template: str = "template1") -> AsyncIterator[str]:
    """The URL of a new database that is gone at the end."""
    url = await create_database(postgres, template)
    try:
        yield url
    finally:
        await _execute(postgres, f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A pool of connections to a database."""
    database = Database(Settings(database_url=url))
    try:
        yield database
    finally:
        await database.close()


async def _execute(postgres: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(postgres.libpq_dsn)
    await connection.execute(statement)
    await connection.close()
