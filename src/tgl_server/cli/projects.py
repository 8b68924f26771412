"""`tgl-server projects`: projects, on the command line of the server's machine."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import UserState
from tgl_protocol.projects import NewProject
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import checked, run_with_database
from tgl_server.cli.output import say
from tgl_server.cli.users import find_account
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.http.text_rules import is_storable
from tgl_server.projects import names, service
from tgl_server.projects.models import Project

app = typer.Typer(help="Create and list projects.", no_args_is_help=True)


@app.callback()
def projects() -> None:
    """Create and list projects."""


@app.command()
def create(
    slug: Annotated[str, typer.Argument(help="The project's name in addresses: lower-case letters and digits.")],
    owner: Annotated[str, typer.Option(help="The e-mail address of the account that owns it.")],
    name: Annotated[str, typer.Option(help="The name to show; the slug by default.")] = "",
) -> None:
    """Create a project, which holds repositories and has members."""
    names.refuse_faults({"slug": names.slug_fault(slug)})
    new = checked(NewProject, slug=slug, name=name or slug)

    async def act(database: Database, _: Argon2) -> Project:
        async with database.transaction() as tx:
            user = await find_account(tx, owner)
            if user.state != UserState.ACTIVE:
                raise ServerError(f"{owner} is {user.state}; `tgl-server users approve {owner}` lets them in")
            if await service.find_project(tx, new.slug) is not None:
                raise ServerError(f"there is a project {new.slug} already; choose another slug")
            return await service.create_project(tx, user.id, new.slug, new.name, by=COMMAND_LINE)

    project = run_with_database(act)
    say(f"Created project {project.slug} ({project.id}), owned by {owner}")


async def find_project(tx: AsyncSession, slug: str) -> Project:
    """The project with this slug; raises `ServerError` without one."""
    project = await service.find_project(tx, slug) if is_storable(slug) else None
    if project is None:
        raise ServerError(f"there is no project {slug}; `tgl-server projects create {slug} --owner EMAIL` makes one")
    return project
