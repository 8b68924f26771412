"""`tgl-server users`: accounts, on the command line of the server's machine."""

from typing import Annotated

import typer

from tgl_server.accounts.models import Role, User
from tgl_server.accounts.service import create_user
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import run_with_database
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError

app = typer.Typer(help="Create and look at accounts.", no_args_is_help=True)


@app.callback()
def users() -> None:
    """Create and look at accounts."""


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The e-mail address to log in with.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.COMMISSIONER,
    name: Annotated[str, typer.Option(help="The name to show; the address by default.")] = "",
) -> None:
    """Create an active account."""

    async def act(database: Database, _: Argon2) -> User:
        async with database.transaction() as tx:
            return await create_user(tx, email, role=role, display_name=name)

    user = run_with_database(act)
    typer.echo(f"Created {user.role} {user.email} ({user.id})")


def user_not_found(email: str) -> ServerError:
    """For commands that name a user."""
    return ServerError(f"there is no account {email}; `tgl-server users create {email}` makes one")
