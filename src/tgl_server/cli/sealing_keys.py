"""`tgl-server secrets`: the keys that secrets in the database are sealed with."""

import typer

from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.output import say
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.features import FEATURES
from tgl_server.sealing.columns import Renewed, renew
from tgl_server.sealing.sealer import Sealer, new_key

app = typer.Typer(help="Make and change the keys that seal secrets in the database.", no_args_is_help=True)


@app.command("new-key")
def make_key() -> None:
    """Print a new key for SECRETS_KEYS. To change keys, put it before the old one, and run `secrets rotate`."""
    say(new_key())


@app.command()
def rotate() -> None:
    """Seal all secrets with the first of SECRETS_KEYS; then the other keys can go. Repeating it does no harm."""
    settings = process_settings()
    sealer = Sealer(settings.secrets_keys)
    if not sealer.has_key:
        raise ServerError("SECRETS_KEYS is not set; `tgl-server secrets new-key` makes a key")

    async def act(database: Database, _: Argon2) -> list[Renewed]:
        async with database.transaction() as tx:
            return [await renew(tx, sealer, column) for feature in FEATURES for column in feature.sealed]

    with with_database(settings) as found:
        renewed = run_with_database(act, found)
    say(f"sealed {sum(each.secrets for each in renewed)} secrets with the first key")
    if unreadable := sum(each.unreadable for each in renewed):
        raise ServerError(
            f"no key of SECRETS_KEYS opens {unreadable} others; add the key that they are sealed with, and repeat"
        )
