"""`tgl-server keys`: API keys, on the command line of the server's machine."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from tgl_protocol.api_keys import MAX_EXPIRY_DAYS, KeyInfo
from tgl_protocol.keys import ApiKey
from tgl_server.api_keys import service
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Scope
from tgl_server.cli.context import run_with_database
from tgl_server.cli.users import find_account
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)

_PAGE = 1000


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The account that the key belongs to.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given twice; both by default.")] = None,
    expires_in_days: Annotated[int | None, typer.Option(min=1, max=MAX_EXPIRY_DAYS, help="Never by default.")] = None,
) -> None:
    """Create an API key and print it. It is shown this once and never again."""
    expires_at = datetime.now(UTC) + timedelta(days=expires_in_days) if expires_in_days else None

    async def act(database: Database, argon2: Argon2) -> ApiKey:
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            _, key = await service.create_key(
                tx, argon2, user.id, name, scopes=scope or list(Scope), expires_at=expires_at
            )
            return key

    typer.echo(run_with_database(act).full_key)


@app.command("list")
def list_(email: Annotated[str, typer.Argument(help="The account whose keys to list.")]) -> None:
    """List an account's keys, newest first, whatever their state."""

    async def act(database: Database, _: Argon2) -> list[KeyInfo]:
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            page = await service.list_keys(tx, user.id, limit=_PAGE)
            keys = page.items
            while page.next_cursor:
                page = await service.list_keys(tx, user.id, limit=_PAGE, cursor=page.next_cursor)
                keys += page.items
        return keys

    for key in run_with_database(act):
        used = f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never"
        typer.echo(
            f"{key.prefix}  {key.state:8}  {key.scopes:23}  used {key.usage_count} times, last {used}  {key.name}"
        )


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="What the key begins with, `tgl_` and eight characters; or all of it.")],
) -> None:
    """Revoke a key for good, whoever it belongs to: every server refuses it from its next request on."""
    prefix = "_".join(prefix.split("_")[:2])

    async def act(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            row = await service.find_key(tx, prefix)
            if row is None:
                raise ServerError(f"there is no API key {prefix}; `tgl-server keys list EMAIL` shows an account's")
            await service.revoke_key(tx, row, service.COMMAND_LINE)

    run_with_database(act)
    typer.echo(f"{prefix} is revoked")
