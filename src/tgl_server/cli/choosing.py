"""The options by which commands take several repositories."""

from datetime import timedelta
from typing import Annotated

import typer

from tgl_server.cli.projects import find_project
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.migration.choosing import Choice, Chosen, choose

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[REPO]...", help="The repository's id, name, or project/name.")
]
Everything = Annotated[bool, typer.Option("--all", help="Every repository of the server.")]
InProject = Annotated[
    str | None, typer.Option(metavar="SLUG", help="The repositories of this project, or those named in it.")
]


def chosen_by(
    names: list[str] | None, *, everything: bool, project: str | None, inactive: timedelta | None = None
) -> Choice:
    """The choice that the options make; raises `ServerError` for none, and for two that contradict each other."""
    if everything and (names or project):
        raise ServerError("--all takes every repository; leave out the names and --project, or --all")
    if not (everything or names or project):
        raise ServerError("say which repositories: by id or name, with --project SLUG, or --all")
    return Choice(names=tuple(names or ()), project=project, inactive=inactive)


async def chosen_repos(database: Database, choice: Choice) -> list[Chosen]:
    """The repositories of a choice; raises `ServerError` for a project or a name that is none."""
    async with database.transaction() as tx:
        if choice.project is not None:
            await find_project(tx, choice.project)
        return await choose(tx, choice)
