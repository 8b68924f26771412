"""`tgl-server users`: accounts, on the command line of the server's machine."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import UserChange, UserInfo
from tgl_server.accounts import service
from tgl_server.accounts.models import Role, User, UserState
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.passwords import hash_password
from tgl_server.cli.context import run_with_database
from tgl_server.cli.passwords import FromStdin, new_password
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError

app = typer.Typer(help="Create, list, approve and retire accounts.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
_PAGE = 1000
NO_PASSWORD = "They have no password and cannot log in: `tgl-server users reset-password` sets one."  # noqa: S105


@app.command()
def create(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.COMMISSIONER,
    name: Annotated[str, typer.Option(help="The name to show; the address by default.")] = "",
    password_stdin: FromStdin = False,
) -> None:
    """Create an active account; its password is asked for on a terminal."""
    password = new_password(password_stdin)

    async def act(database: Database, argon2: Argon2) -> User:
        hashed = await hash_password(argon2, password) if password else None
        async with database.transaction() as tx:
            if await service.find_user(tx, email) is not None:
                raise ServerError(f"there is an account {email} already")
            return await service.create_user(tx, email, role=role, display_name=name, password_hash=hashed)

    user = run_with_database(act)
    typer.echo(f"Created {user.role} {user.email} ({user.id})")
    if password is None:
        typer.echo(NO_PASSWORD, err=True)


@app.command("list")
def list_(
    state: Annotated[UserState | None, typer.Option(help="Only accounts in this state.")] = None,
) -> None:
    """List all accounts, newest first."""

    async def act(database: Database, _: Argon2) -> list[UserInfo]:
        async with database.transaction() as tx:
            page = await service.list_users(tx, state=state, limit=_PAGE)
            users = page.items
            while page.next_cursor:
                page = await service.list_users(tx, state=state, limit=_PAGE, cursor=page.next_cursor)
                users += page.items
        return users

    for user in run_with_database(act):
        typer.echo(f"{user.state:8}  {user.role:12}  {user.email}  {user.display_name}")


@app.command()
def approve(email: Email) -> None:
    """Let in a user who registered; brings a retired one back as well."""
    _change(email, UserChange(state="active"))


@app.command("set-role")
def set_role(email: Email, role: Annotated[Role, typer.Argument(help="What the user may do from now on.")]) -> None:
    """Change what a user may do."""
    _change(email, UserChange(role=role))


@app.command()
def retire(email: Email) -> None:
    """End a user's sessions and stop their keys, at once."""
    _change(email, UserChange(state="retired"))


@app.command("reset-password")
def reset_password(email: Email, password_stdin: FromStdin = False) -> None:
    """Set a new password and end the user's sessions."""
    password = new_password(password_stdin)
    if password is None:
        raise ServerError("there is no terminal to ask for the password on; send it with --password-stdin")

    async def act(database: Database, argon2: Argon2) -> None:
        hashed = await hash_password(argon2, password)
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            await service.set_password(tx, user, hashed, service.COMMAND_LINE)

    run_with_database(act)
    typer.echo(f"{email} has a new password; their sessions have ended")


async def find_account(tx: AsyncSession, email: str) -> User:
    """For commands that name a user."""
    user = await service.find_user(tx, email) if email.isprintable() else None
    if user is None:
        raise ServerError(f"there is no account {email}; `tgl-server users create {email}` makes one")
    return user


def _change(email: str, change: UserChange) -> None:
    async def act(database: Database, _: Argon2) -> User:
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            return await service.change_user(tx, user.id, change, service.COMMAND_LINE)

    user = run_with_database(act)
    typer.echo(f"{user.email} is {user.state}, {user.role}")
