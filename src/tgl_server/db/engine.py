"""The database engine, with two ways to use it: a transaction, or single statements.

A transaction commits before the answer is made: advanced-alchemy's autocommit handler commits while the answer is
already being sent, and a COMMIT that fails then has been answered 201.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import URL, event, make_url, text
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection

from tgl_server.db.away import is_database_lost
from tgl_server.db.echo import echo_statements
from tgl_server.db.row_turns import RowTurns
from tgl_server.db.standby import Standby
from tgl_server.logs.outages import Outage, reason_of
from tgl_server.settings import BadSetting, Settings

# The parameter of a DATABASE_URL that announces a pooler, spelled as other programs spell it; PostgreSQL has none.
_POOLED = "pgbouncer"
_DRIVER = "postgresql+asyncpg"
# libpq's parameters that asyncpg knows and that hold no secret: the logs mask only the password before the @.
_LIBPQ_FILES = "sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile"
_LIBPQ = (
    *("sslmode", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version"),
    *("target_session_attrs", "krbsrvname", "gsslib", *_LIBPQ_FILES),
)
_SSL_MODES = "disable", "allow", "prefer", "require", "verify-ca", "verify-full"
_MAX_PORT = 65_535
# A connection that was used so recently is trusted to be alive.
_TRUSTED_SECONDS = 1.0


# A request that waits longer for a row is told to come back.
_LOCK_TIMEOUT = "lock_timeout = '10s'"
_SESSION = f"SET plan_cache_mode = force_custom_plan; SET {_LOCK_TIMEOUT}"
# Behind a pooler a session's parameters would reach whoever gets the server connection next, or nobody. And PgBouncer
# refuses connections that ask for them at their start, unless it is told otherwise.
_TRANSACTION = text(f"SET LOCAL {_LOCK_TIMEOUT}")
# One row that stays locked must leave most of the pool to others.
_PART_FOR_ONE_ROW = 4


class Database:
    """One engine with its pool; make it on the event loop that uses it."""

    def __init__(self, settings: Settings) -> None:
        self.engine: AsyncEngine = open_engine(
            settings.database_url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=settings.db_pool_size,
            max_overflow=settings.db_max_overflow,
            pool_timeout=settings.db_pool_timeout,
            # Parameters hold people's names and addresses; an error's text goes to the log.
            hide_parameters=True,
        )
        self.is_pooled = is_pooled(settings.database_url)
        if not self.is_pooled:
            event.listen(self.engine.sync_engine, "connect", _set_session)
        if settings.sqlalchemy_echo:
            echo_statements(self.engine)
        event.listen(self.engine.sync_engine, "checkin", _note_return)
        event.listen(self.engine.sync_engine, "checkout", partial(_check_if_idle, self.engine.dialect))
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._most_connections = settings.db_pool_size + settings.db_max_overflow
        self._rows = RowTurns(max(1, self._most_connections // _PART_FOR_ONE_ROW))
        self._outage = Outage("database_lost", "database_back")
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.standby = _open_standby(settings) if settings.database_read_url else None

    @asynccontextmanager
    async def transaction(self, about: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """A transaction: committed when the block ends well, rolled back when it raises.

        Name the row that others may hold locked, by its id: then few transactions about it have a connection at a
        time, and `Busy` is raised if many more wait.
        """
        turn = self._rows.turn(about) if about else nullcontext()
        async with turn, self._noting_outage(), self._sessions.begin() as tx:
            if self.is_pooled:
                await tx.execute(_TRANSACTION)
            yield tx

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: each statement stands alone, without the round trips of BEGIN and ROLLBACK."""
        async with self._noting_outage(), self._autocommit.connect() as connection:
            yield connection

    @asynccontextmanager
    async def lagging_statements(self) -> AsyncIterator[AsyncConnection]:
        """As `statements`, for what may be some seconds old: of the standby, if one is used.

        Never for what decides who may see or do something, and not for what a caller expects to see changed.
        """
        connection = await self.standby.connection() if self.standby else None
        if self.standby is None or connection is None:
            async with self.statements() as connection:
                yield connection
            return
        try:
            yield connection
        except Exception as error:
            self.standby.note_loss(error)
            raise
        finally:
            await connection.close()

    def is_primary(self, connection: AsyncConnection) -> bool:
        """False for a connection to the standby."""
        return connection.sync_engine.pool is self.engine.pool

    @asynccontextmanager
    async def _noting_outage(self) -> AsyncIterator[None]:
        """Log when the database is away, and when it is back."""
        try:
            yield
        except Exception as error:
            if is_database_lost(error):
                self._outage.note(reason=reason_of(error))
            raise
        self._outage.end()

    def connections(self) -> dict[str, int]:
        """The number of the pool's connections that are in use, idle, and not opened yet."""
        pool = self.engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        in_use, idle = pool.checkedout(), pool.checkedin()
        return {"in_use": in_use, "idle": idle, "unopened": self._most_connections - in_use - idle}

    async def close(self) -> None:
        if self.standby:
            await self.standby.close()
        await self.engine.dispose()


def _open_standby(settings: Settings) -> Standby:
    """Each connection is tried before it is used: a standby that went away shall cost no request."""
    try:
        engine = open_engine(
            settings.database_read_url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=settings.db_pool_size,
            max_overflow=settings.db_max_overflow,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except BadSetting as error:
        raise BadSetting(str(error).replace("DATABASE_URL", "DATABASE_READ_URL")) from None
    if not is_pooled(settings.database_read_url):
        event.listen(engine.sync_engine, "connect", _set_session)
    if settings.sqlalchemy_echo:
        echo_statements(engine)
    return Standby(engine)


def _set_session(connection: AsyncAdapt_asyncpg_connection, _: ConnectionPoolEntry) -> None:
    """Planning takes a fraction of a millisecond. A plan for any values, kept since its table was empty, would scan all
    of it until autovacuum comes by: status, tips, runs, marks and pages of commits did. Behind a pooler nothing is kept
    anyway."""
    connection.run_async(lambda driver: driver.execute(_SESSION))


def _note_return(_: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["returned"] = time.monotonic()


def _check_if_idle(
    dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection
) -> None:
    """Notice a connection that died, as with a restarted PostgreSQL, when the pool hands it out and not in a request.

    SQLAlchemy's own `pool_pre_ping` asks every time: one more round trip for each of a push's three connections.
    """
    if time.monotonic() - record.info.get("returned", time.monotonic()) < _TRUSTED_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def open_engine(url: str, **options: Any) -> AsyncEngine:
    """An engine for a DATABASE_URL.

    With `?pgbouncer=true` nothing is kept on a server connection from one transaction to the next: a pooler in
    transaction mode gives each transaction another one, with other prepared statements. Without its cache asyncpg
    sends statements unnamed together with their values, so that a single statement works on any server connection.
    """
    arguments: dict[str, Any] = {"server_settings": {"application_name": "tgl-server"}, "timeout": 10}
    if is_pooled(url):
        arguments |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    return create_async_engine(database_url(url), connect_args=arguments, **options)


def is_pooled(text: str) -> bool:
    """True for a DATABASE_URL with `pgbouncer=true`: it leads to PgBouncer, or a pooler like it."""
    return str(_parsed(text).query.get(_POOLED, "")).lower() in ("true", "1", "yes")


def database_url(text: str) -> URL:
    """SQLAlchemy's URL for asyncpg, from any of the usual spellings of a PostgreSQL URL; raises `BadSetting`.

    libpq's parameters go into a URL of their own, asyncpg's `dsn`, which is the only place for most of them.
    """
    url = _parsed(text).difference_update_query([_POOLED])
    query = dict(url.query)
    where: dict[str, str | tuple[str, ...]] = {name: query.pop(name) for name in ("host", "port") if name in query}
    if "ssl" in query:  # as asyncpg calls it
        query.setdefault("sslmode", query.pop("ssl"))
    _check_parameters(query)
    if query:
        where["dsn"] = f"postgresql://?{urlencode(query)}"
    url = url.set(query=where)
    _check_address(url)
    return url


def _check_parameters(query: dict[str, str | tuple[str, ...]]) -> None:
    for name, value in query.items():
        if name not in _LIBPQ:
            raise BadSetting(
                f"DATABASE_URL has the parameter {name!r}, which is not understood; leave it out "
                f"(understood are host, port, {_POOLED}, {', '.join(_LIBPQ)})"
            )
        if not isinstance(value, str):
            raise BadSetting(f"DATABASE_URL has the parameter {name!r} more than once; leave one of them")
        if name in _LIBPQ_FILES and not Path(value).is_file():
            raise BadSetting(f"DATABASE_URL has {name}={value}, which is no file; correct the path")
    if (mode := query.get("sslmode", "prefer")) not in _SSL_MODES:
        raise BadSetting(f"DATABASE_URL has sslmode={mode}; write one of {', '.join(_SSL_MODES)}")


def _check_address(url: URL) -> None:
    """Raises `BadSetting` for hosts and ports that do not fit: SQLAlchemy checks those in the query only later."""
    try:
        _, arguments = url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError):
        raise BadSetting(
            "DATABASE_URL names hosts and ports that do not fit together; write ?host=a,b&port=5432,5432"
        ) from None
    ports = arguments.get("port", [])
    if not all(0 < port <= _MAX_PORT for port in (ports if isinstance(ports, list) else [ports])):
        raise BadSetting(f"DATABASE_URL has a port that is not between 1 and {_MAX_PORT}; the usual one is 5432")


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise BadSetting("DATABASE_URL is not a database URL; write postgresql://user:password@host/name") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise BadSetting(f"DATABASE_URL names {url.get_backend_name()}; TheGitLeague needs PostgreSQL 14 or later")
    return url.set(drivername=_DRIVER)
