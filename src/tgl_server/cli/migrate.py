"""`tgl-server migrate`."""

from enum import StrEnum
from typing import Annotated

import typer

from tgl_server.cli.context import database_needed, process_settings, with_database
from tgl_server.db.migrate import alembic_commands


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    CURRENT = "current"
    HISTORY = "history"
    CHECK = "check"


def migrate(
    direction: Annotated[
        Direction, typer.Argument(help="up, down, current, history, or check (models against migrations).")
    ] = Direction.UP,
    revision: Annotated[
        str, typer.Argument(help="Where to go: a version, -1 for one step down, base for an empty database.")
    ] = "",
) -> None:
    """Bring the database to the newest version, or look at its versions."""
    with with_database(process_settings()) as settings, database_needed(settings):
        commands = alembic_commands(settings.database_url)
        if direction is Direction.UP:
            commands.upgrade(revision or "head")
            typer.echo("The database is at this version:")
            commands.current()
        elif direction is Direction.DOWN:
            commands.downgrade(revision or "-1")
        elif direction is Direction.CURRENT:
            commands.current()
        elif direction is Direction.HISTORY:
            commands.history()
        else:
            commands.check()
