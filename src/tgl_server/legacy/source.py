"""Reading the older system's database, in one read-only transaction.

Its ids are UUIDs as text, its dates are UTC without a zone, and its words are those of its code: it stores the names of
enumerations (`PULL_CELERY`), and the values that its own migrations have put there (`pull_celery`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.db.engine import open_engine
from tgl_server.db.reachable import check_reachable
from tgl_server.errors import ServerError, StartupError

#: The version of the older system's schema that is read here.
KNOWN_HEADS: Final = frozenset({"2026_01_02_1630"})
#: The tables that are read; rows of the others are counted.
READ: Final = ("users", "git_identities", "projects", "repos", "api_keys", "audit_logs")
_NEVER: Final = ("alembic_version", "magic_link_tokens")

_HEADS = text("SELECT version_num FROM alembic_version")
_HAS_TABLE = text("SELECT to_regclass('alembic_version') IS NOT NULL")
_TABLES = text("""
    SELECT tablename FROM pg_tables
    WHERE schemaname = current_schema() AND tablename <> ALL(CAST(:read AS text[])) ORDER BY tablename
""")
_COMMITS = text("SELECT * FROM commits WHERE repo_id = :repo_id ORDER BY sha")
_COUNT_COMMITS = text("SELECT count(*) FROM commits WHERE sha = ANY(CAST(:shas AS text[]))")
_PAGE: Final = 1000


class UnknownSchema(ServerError):
    """The database is not one of the older system's, or of another version."""


class Source:
    """The older system's rows, as one moment had them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rows(self, table: str, order: str = "created_at, id") -> list[dict[str, Any]]:
        """All rows of a table, as plain values."""
        assert table in READ
        found = await self._connection.execute(text(f"SELECT * FROM {table} ORDER BY {order}"))  # noqa: S608 -- ours
        return [dict(row) for row in found.mappings()]

    async def pages(self, table: str) -> AsyncIterator[list[dict[str, Any]]]:
        """The rows of a long table, some at a time."""
        assert table in READ
        query = text(f"SELECT * FROM {table} ORDER BY created_at, id")  # noqa: S608 -- ours
        async with self._connection.stream(query) as found:
            async for part in found.mappings().partitions(_PAGE):
                yield [dict(row) for row in part]

    async def commits_of(self, repo_id: UUID) -> AsyncIterator[list[dict[str, Any]]]:
        """The commits of a repository, some at a time."""
        async with self._connection.stream(_COMMITS, {"repo_id": str(repo_id)}) as found:
            async for part in found.mappings().partitions(_PAGE):
                yield [dict(row) for row in part]

    async def count_commits(self, shas: list[str]) -> int:
        """How many of these commits are there, for whichever repository."""
        return int(await self._connection.scalar(_COUNT_COMMITS, {"shas": shas}) or 0)

    async def left(self) -> dict[str, int]:
        """The number of rows in each table that is not read."""
        names = await self._connection.scalars(_TABLES, {"read": [*READ, *_NEVER]})
        quoted = {name: name.replace('"', '""') for name in names}
        return {
            name: int(await self._connection.scalar(text(f'SELECT count(*) FROM "{safe}"')) or 0)  # noqa: S608 -- quoted
            for name, safe in quoted.items()
        }


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Source]:
    """The older system's database; raises `UnknownSchema`, or a `StartupError` that names the option."""
    try:
        await check_reachable(url)
        engine = open_engine(url, poolclass=NullPool)
    except StartupError as error:
        # They are written for a server's own database.
        raise StartupError(str(error).replace("DATABASE_URL", "the older system's URL")) from None
    try:
        async with engine.connect() as plain:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = await plain.execution_options(**options)
            await _check_heads(connection)
            yield Source(connection)
    finally:
        await engine.dispose()


async def _check_heads(connection: AsyncConnection) -> None:
    heads = set(await connection.scalars(_HEADS)) if await connection.scalar(_HAS_TABLE) else set()
    if heads != KNOWN_HEADS:
        found = ", ".join(sorted(heads)) or "none"
        known = ", ".join(sorted(KNOWN_HEADS))
        raise UnknownSchema(
            f"the schema's version there is {found}, and only {known} is known; upgrade it with its own Alembic first, "
            "or check that this is the older system's database"
        )


def as_id(text: object) -> UUID | None:
    """The UUID in an id of theirs; None for what is none."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def as_instant(at: datetime | None) -> datetime | None:
    """A date of theirs, which is UTC without saying so."""
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def word(value: object) -> str:
    """A word of an enumeration of theirs, whether its name or its value was stored."""
    return str(value or "").lower()
