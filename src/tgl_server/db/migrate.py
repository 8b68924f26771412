"""Migrations: where they are, which the database has, and bringing it to the newest.

All but `check_migrated` run Alembic, which starts an event loop of its own: call them from plain code.
"""

from pathlib import Path

from advanced_alchemy.alembic.commands import AlembicCommands
from advanced_alchemy.config import AlembicAsyncConfig, SQLAlchemyAsyncConfig
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, text
from sqlalchemy.exc import ProgrammingError

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


def migrations_dir() -> Path:
    """In an installed wheel beside this package, in a checkout at the top."""
    package = Path(__file__).parent.parent
    shipped = package / "migrations"
    return shipped if shipped.is_dir() else package.parent.parent / "migrations"


def alembic_commands(url: str) -> AlembicCommands:
    """Alembic's commands, bound to a database and to our models."""
    from tgl_server.db.models import metadata  # noqa: PLC0415 -- the features' models import this package

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


def newest_version() -> str:
    """The version that this server's code needs."""
    head = ScriptDirectory(str(migrations_dir())).get_current_head()
    assert head is not None
    return head


async def check_migrated(database: Database) -> None:
    """Raises `NotMigrated` unless the database has the newest version."""
    needed = newest_version()
    found = await _version(database)
    if found != needed:
        raise NotMigrated(found, needed)


async def _version(database: Database) -> str | None:
    try:
        async with database.statements() as connection:
            found: str | None = await connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 -- a constant
            return found
    except ProgrammingError:
        return None
