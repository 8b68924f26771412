"""`tgl-server keys`: API keys, on the command line of the server's machine."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from tgl_protocol.keys import ApiKey
from tgl_server.accounts.service import find_user
from tgl_server.api_keys.service import create_key
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Scope
from tgl_server.cli.context import run_with_database
from tgl_server.cli.users import user_not_found
from tgl_server.db.engine import Database

app = typer.Typer(help="Create API keys.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Create API keys."""


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The account that the key belongs to.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given twice; both by default.")] = None,
    expires_in_days: Annotated[int | None, typer.Option(min=1, max=365, help="Never by default.")] = None,
) -> None:
    """Create an API key and print it. It is shown this once and never again."""
    expires_at = datetime.now(UTC) + timedelta(days=expires_in_days) if expires_in_days else None

    async def act(database: Database, argon2: Argon2) -> ApiKey:
        async with database.transaction() as tx:
            user = await find_user(tx, email)
            if user is None:
                raise user_not_found(email)
            _, key = await create_key(tx, argon2, user.id, name, scopes=scope or list(Scope), expires_at=expires_at)
            return key

    typer.echo(run_with_database(act).full_key)
