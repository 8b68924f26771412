"""`tgl-server users`: accounts, on the command line of the server's machine."""

import re
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import UserChange, UserInfo
from tgl_server.accounts import links, service
from tgl_server.accounts.links import OneTimeLink
from tgl_server.accounts.models import LinkKind, Role, User, UserState
from tgl_server.api_keys.reading import working_keys
from tgl_server.api_keys.service import revoke_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.passwords import hash_password
from tgl_server.cli.context import process_settings, run_with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import PAGE, AsJson, all_pages, say_json, say_rows
from tgl_server.cli.passwords import FromStdin, new_password
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.http.text_rules import is_storable

app = typer.Typer(help="Create, list, approve and retire accounts.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
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
    say(f"Created {user.role} {user.email} ({user.id})")
    if password is None:
        say(NO_PASSWORD, err=True)


@app.command("list")
def list_(
    state: Annotated[UserState | None, typer.Option(help="Only accounts in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """List all accounts, newest first."""

    async def act(database: Database, _: Argon2) -> list[UserInfo]:
        async with database.transaction() as tx:
            return await all_pages(lambda cursor: service.list_users(tx, state=state, limit=PAGE, cursor=cursor))

    users = run_with_database(act)
    if as_json:
        say_json(users=users)
    else:
        say_rows([(user.state, user.role, user.email, user.display_name) for user in users])


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
def reset_password(
    email: Email,
    password_stdin: FromStdin = False,
    revoke_keys: Annotated[bool, typer.Option("--revoke-keys", help="Revoke the user's API keys as well.")] = False,
) -> None:
    """Set a new password and end the user's sessions; their API keys go on working unless they are revoked."""
    password = new_password(password_stdin)
    if password is None:
        raise ServerError("there is no terminal to ask for the password on; send it with --password-stdin")

    async def act(database: Database, argon2: Argon2) -> int:
        hashed = await hash_password(argon2, password)
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            await service.set_password(tx, user, hashed, service.COMMAND_LINE)
            keys = await working_keys(tx, user.id)
            for key in keys if revoke_keys else ():
                await revoke_key(tx, key, service.COMMAND_LINE)
            return len(keys)

    keys = run_with_database(act)
    say(f"{email} has a new password; their sessions have ended")
    if keys and revoke_keys:
        say(f"API keys revoked: {keys}")
    elif keys:
        say(
            f"API keys that go on working: {keys}. `tgl-server keys list {email}` shows them, --revoke-keys ends them.",
            err=True,
        )


@app.command()
def invite(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.PLAYER,
    name: Annotated[str, typer.Option(help="The name to show; the address by default.")] = "",
) -> None:
    """Create an active account, and print the link by which its person chooses a password: once, within a day."""

    async def act(database: Database, _: Argon2) -> OneTimeLink:
        async with database.transaction() as tx:
            if await service.find_user(tx, email) is not None:
                raise ServerError(f"there is an account {email} already; `users reset-link` makes a link for it")
            return (await links.invite(tx, email, role, name))[1]

    _print_link(run_with_database(act), f"Created {role} {email}. Hand over this link; it works once within 24 hours:")


@app.command("reset-link")
def reset_link(email: Email) -> None:
    """Print a link by which a user who forgot their password chooses a new one: once, within a day."""

    async def act(database: Database, _: Argon2) -> OneTimeLink:
        async with database.transaction() as tx:
            return await links.make_link(tx, await find_account(tx, email), LinkKind.NEW_PASSWORD)

    _print_link(run_with_database(act), f"Hand over this link to {email}; it works once within 24 hours:")


def _print_link(link: OneTimeLink, introduction: str) -> None:
    settings = process_settings()
    say(introduction, err=True)
    say((settings.public_origin or "http://127.0.0.1:8000") + link.path)
    if not settings.public_url:
        say("PUBLIC_URL is not set: put your server's address in place of http://127.0.0.1:8000", err=True)


async def find_account(tx: AsyncSession, email: str) -> User:
    r"""The account with this e-mail address; raises `ServerError` without one.

    Addresses of earlier versions may have characters that `say` shows as `\u202e`, and are found by that as well.
    """
    email = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), email)
    user = await service.find_user(tx, email) if is_storable(email) else None
    if user is None:
        raise ServerError(f"there is no account {email}; `tgl-server users create {email}` makes one")
    return user


def _change(email: str, change: UserChange) -> None:
    async def act(database: Database, _: Argon2) -> User:
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            return await service.change_user(tx, user.id, change, service.COMMAND_LINE)

    user = run_with_database(act)
    say(f"{user.email} is {user.state}, {user.role}")
