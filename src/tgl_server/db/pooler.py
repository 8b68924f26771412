"""The check for a pooler that DATABASE_URL does not announce: at start, instead of in the middle of a push."""

from sqlalchemy import text

from tgl_server.db.engine import Database
from tgl_server.errors import StartupError


class UnnamedPooler(StartupError):
    """DATABASE_URL leads to a connection pooler; add ?pgbouncer=true (or &pgbouncer=true) to it."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


async def check_pooler(database: Database) -> None:
    """Raises `UnnamedPooler` for a pooler that DATABASE_URL does not announce.

    PostgreSQL tells each client the process id that serves it. A pooler tells a number of its own, since each
    transaction may have another process.
    """
    if database.is_pooled:
        return
    async with database.transaction() as tx:
        connection = await tx.connection()
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        told = raw.driver_connection.get_server_pid()
        if told != await tx.scalar(text("SELECT pg_backend_pid()")):
            raise UnnamedPooler
