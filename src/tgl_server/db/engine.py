"""The engine, and the two ways to talk to the database: a transaction, or single statements.

A transaction commits before the answer is made: advanced-alchemy's autocommit commits while the answer is
already on its way, and a COMMIT that fails then has been answered 201.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from tgl_server.settings import BadSetting, Settings

_DRIVER = "postgresql+asyncpg"


class Database:
    """One engine with its pool; made on the event loop that uses it."""

    def __init__(self, settings: Settings) -> None:
        self.engine: AsyncEngine = create_async_engine(
            database_url(settings.database_url),
            pool_size=settings.db_pool_size,
            max_overflow=settings.db_max_overflow,
            pool_timeout=settings.db_pool_timeout,
            # A connection that died with a restarted PostgreSQL is noticed when it is taken, not by a request.
            pool_pre_ping=True,
            # Parameters hold people's names and addresses; an error's text goes to the log.
            hide_parameters=True,
            connect_args={"server_settings": {"application_name": "tgl-server"}, "timeout": 10},
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Committed when the block ends well, rolled back when it raises."""
        async with self._sessions.begin() as tx:
            yield tx

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """For reading: each statement stands alone, without the round trips of BEGIN and ROLLBACK."""
        async with self._autocommit.connect() as connection:
            yield connection

    async def close(self) -> None:
        await self.engine.dispose()


def database_url(text: str) -> URL:
    """SQLAlchemy's URL for asyncpg, from any of the usual spellings of a PostgreSQL URL."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise BadSetting("DATABASE_URL is not a database URL; write postgresql://user:password@host/name") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise BadSetting(f"DATABASE_URL names {url.get_backend_name()}; TheGitLeague needs PostgreSQL 14 or later")
    return url.set(drivername=_DRIVER)
