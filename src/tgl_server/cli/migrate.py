"""`tgl-server migrate`: bring the database to another version, or show its versions."""

import asyncio
import re
import sys
from enum import StrEnum
from typing import Annotated

import typer

from tgl_server.cli.context import database_needed, process_settings, with_database
from tgl_server.db.engine import Database
from tgl_server.db.migrate import alembic_commands, newest_version, version_of
from tgl_server.errors import ServerError
from tgl_server.features import METADATA
from tgl_server.settings import Settings

# The version -1 looks like an unknown option, so such options are accepted.
CONTEXT = {"ignore_unknown_options": True}

_REVISION = re.compile(r"[0-9]{4}|[+-][0-9]{1,3}|head|base")


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    CURRENT = "current"
    HISTORY = "history"
    CHECK = "check"


_TELLS_VERSION = frozenset({Direction.UP, Direction.DOWN, Direction.CURRENT})


def migrate(
    direction: Annotated[
        Direction, typer.Argument(help="up, down, current, history, or check (models against migrations).")
    ] = Direction.UP,
    revision: Annotated[
        str, typer.Argument(help="Where to go: a version, -1 for one step down, base for an empty database.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="With down: do not ask.")] = False,
) -> None:
    """Bring the database to the newest version, or look at its versions."""
    if revision and not _REVISION.fullmatch(revision):
        raise typer.BadParameter(f"{revision!r} is no version; write one like 0007, or +1, -1, head or base")
    if direction is Direction.DOWN and not yes:
        _confirm(revision or "-1")
    with with_database(process_settings()) as settings, database_needed(settings):
        commands = alembic_commands(settings.database_url, METADATA)
        if direction is Direction.UP:
            commands.upgrade(revision or "head")
        elif direction is Direction.DOWN:
            commands.downgrade(revision or "-1")
        elif direction is Direction.HISTORY:
            commands.history()
        elif direction is Direction.CHECK:
            commands.check()
        if direction in _TELLS_VERSION:
            typer.echo(asyncio.run(_version(settings)))


async def _version(settings: Settings) -> str:
    """The database's version in a sentence, beside the one that this server needs."""
    database = Database(settings)
    try:
        found = await version_of(database)
    finally:
        await database.close()
    needed = newest_version()
    if found is None:
        return f"The database has no tables of TheGitLeague; `tgl-server migrate` makes those of version {needed}."
    return f"The database is at version {found}, {'the newest' if found == needed else f'and the newest is {needed}'}."


def _confirm(revision: str) -> None:
    """Ask before tables are dropped, and refuse without a terminal to ask on."""
    lost = "everything that is stored" if revision == "base" else "what only the newer versions store"
    if not sys.stdin.isatty():
        raise ServerError(f"`migrate down {revision}` deletes {lost}; add --yes to do it")
    typer.confirm(f"This deletes {lost}. Go on?", abort=True)
