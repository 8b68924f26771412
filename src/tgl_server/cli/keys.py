"""`tgl-server keys`: API keys, on the command line of the server's machine."""

from typing import Annotated

import typer

from tgl_protocol.api_keys import MAX_EXPIRY_DAYS, KeyInfo
from tgl_protocol.keys import ApiKey
from tgl_server.api_keys import service
from tgl_server.api_keys.rules import parse_networks
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Scope
from tgl_server.cli.context import run_with_database
from tgl_server.cli.key_restrictions import Networks, Repos, repo_ids
from tgl_server.cli.output import say
from tgl_server.cli.pages import PAGE, AsJson, all_pages, say_json, say_rows
from tgl_server.cli.users import find_account
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The account that the key belongs to.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given twice; both by default.")] = None,
    expires_in_days: Annotated[int | None, typer.Option(min=1, max=MAX_EXPIRY_DAYS, help="Never by default.")] = None,
    repo: Repos = None,
    network: Networks = None,
) -> None:
    """Create an API key and print it. It is shown this once and never again."""
    networks = parse_networks(network) if network else None

    async def act(database: Database, argon2: Argon2) -> ApiKey:
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            expires_at = await service.expiry_in_days(tx, expires_in_days)
            _, key = await service.create_key(
                tx,
                argon2,
                user.id,
                name,
                scopes=scope or list(Scope),
                expires_at=expires_at,
                repo_ids=await repo_ids(tx, user, repo),
                networks=networks,
            )
            return key

    say(run_with_database(act).full_key)


@app.command("list")
def list_(
    email: Annotated[str, typer.Argument(help="The account whose keys to list.")], as_json: AsJson = False
) -> None:
    """List an account's keys, newest first, whatever their state."""

    async def act(database: Database, _: Argon2) -> list[KeyInfo]:
        async with database.transaction() as tx:
            user = await find_account(tx, email)
            return await all_pages(lambda cursor: service.list_keys(tx, user.id, limit=PAGE, cursor=cursor))

    keys = run_with_database(act)
    if as_json:
        say_json(keys=keys)
    else:
        say_rows([_row(key) for key in keys])


def _row(key: KeyInfo) -> tuple[str, ...]:
    expires = f"expires {key.expires_at:%Y-%m-%d}" if key.expires_at else "never expires"
    last = f"last {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "last never"
    repos = "all repositories" if key.repo_ids is None else f"repositories {len(key.repo_ids)}"
    networks = ", ".join(key.networks) if key.networks else "all networks"
    used = f"used {key.usage_count} times, {last}"
    return key.prefix, key.state, key.scopes, expires, repos, networks, used, key.name


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
    say(f"{prefix} is revoked")
