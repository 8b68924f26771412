"""Migrations: their folder, the database's version, and the way to the newest one.

All but `check_migrated` run Alembic, which starts an event loop of its own: call them from plain code.
"""

from functools import cache
from pathlib import Path

from advanced_alchemy.alembic.commands import AlembicCommands
from advanced_alchemy.config import AlembicAsyncConfig, SQLAlchemyAsyncConfig
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, NullPool, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.db.engine import Database, open_engine
from tgl_server.errors import StartupError

VERSION_TABLE = "alembic_version"


class NotMigrated(StartupError):
    """The database has another version than this server needs."""

    def __init__(self, found: str | None, needed: str) -> None:
        state = f"is at version {found}" if found else "has no tables of TheGitLeague yet"
        super().__init__(
            f"the database {state}, this server needs version {needed}; "
            "run `tgl-server migrate`, or start with `tgl-server serve --migrate`"
        )


class ReadOnly(StartupError):
    """The database takes no writes: it is a standby, or `default_transaction_read_only` is on."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


def migrations_dir() -> Path:
    """The folder of the migrations: inside this package in an installed wheel, at the top in a checkout."""
    package = Path(__file__).parent.parent
    shipped = package / "migrations"
    return shipped if shipped.is_dir() else package.parent.parent / "migrations"


def alembic_commands(url: str, metadata: MetaData | None = None) -> AlembicCommands:
    """Alembic's commands, bound to a database; `check` compares it with the tables in `metadata`."""
    engine = open_engine(url, poolclass=NullPool)
    location = str(migrations_dir())
    commands = AlembicCommands(
        SQLAlchemyAsyncConfig(
            engine_instance=engine,
            alembic_config=AlembicAsyncConfig(
                script_location=location, version_table_name=VERSION_TABLE, render_as_batch=False, compare_type=True
            ),
        )
    )
    commands.config.attributes["target_metadata"] = metadata
    return commands


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to a version, by default the newest; two servers at once are safe."""
    alembic_commands(url).upgrade(revision)


@cache
def newest_version() -> str:
    """The version that this server's code needs. Read once: to load all migrations takes 12 ms of processor time, and
    `/ready` asks each time."""
    head = ScriptDirectory(str(migrations_dir())).get_current_head()
    assert head is not None
    return head


async def check_migrated(database: Database) -> None:
    """Raises `NotMigrated` unless the database has the newest version."""
    needed = newest_version()
    found = await version_of(database)
    if found != needed:
        raise NotMigrated(found, needed)


async def check_writable(database: Database) -> None:
    """Raises `ReadOnly` for a standby, and for a database that is set to read-only."""
    async with database.transaction() as tx:
        if await tx.scalar(text("SELECT current_setting('transaction_read_only') = 'on'")):
            raise ReadOnly


async def version_of(database: Database) -> str | None:
    """The database's version; None for one without our tables."""
    async with database.statements() as connection:
        return await read_version(connection)


async def read_version(connection: AsyncConnection) -> str | None:
    """The version by a connection whose statements each stand alone."""
    try:
        found: str | None = await connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 -- a constant
        return found
    except ProgrammingError:
        return None
