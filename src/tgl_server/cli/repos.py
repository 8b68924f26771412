"""`tgl-server repos`: repositories, on the command line of the server's machine."""

from typing import Annotated

import typer

from tgl_protocol.projects import NewRepo
from tgl_server.access.ids import ProjectId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli import comparison, migration, removals
from tgl_server.cli.context import checked, run_with_database
from tgl_server.cli.output import say
from tgl_server.cli.projects import find_project
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.features import FOLLOWERS
from tgl_server.projects import service
from tgl_server.projects.models import Repo

app = typer.Typer(help="Create, list, move and compare repositories; delete commits from them.", no_args_is_help=True)
app.command()(removals.empty)
app.command()(removals.prune)
app.command("migrate-to-push")(migration.migrate_to_push)
app.command("rollback-to-pull")(migration.rollback_to_pull)
app.command("migration-status")(migration.show_status)
app.command("compare")(comparison.compare_repos)


@app.callback()
def repos() -> None:
    """Create, list, move and compare repositories; delete commits from them."""


@app.command()
def create(
    project: Annotated[str, typer.Argument(help="The slug of the project that it belongs to.")],
    name: Annotated[str, typer.Argument(help="The repository's name, which `tgl push --repo` gives.")],
) -> None:
    """Create a repository in a project; `tgl push` fills it."""
    new = checked(NewRepo, name=name)

    async def act(database: Database, _: Argon2) -> Repo:
        async with database.transaction() as tx:
            found = await find_project(tx, project)
            if await service.find_repo(tx, found, new.name) is not None:
                raise ServerError(f"the project {project} has a repository {new.name} already; choose another name")
            return await service.register_repo(tx, ProjectId(found.id), new, COMMAND_LINE, FOLLOWERS)

    repo = run_with_database(act)
    say(f"Created repository {repo.name} ({repo.id}) in project {project}")
