"""`tgl-server seasons`: the seasons of leagues."""

from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import run_with_database
from tgl_server.cli.league import Slug, find_league
from tgl_server.cli.output import say
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.leagues.models import Season
from tgl_server.leagues.seasons import close_season, create_season, find_season, open_season

app = typer.Typer(help="Plan, open and close seasons.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The number of the season.")]


@app.callback()
def seasons() -> None:
    """Plan, open and close seasons."""


@app.command()
def create(
    slug: Slug,
    starts: Annotated[str, typer.Option(help="Its first day, a Monday, like 2026-01-05.")],
    weeks: Annotated[int, typer.Option(help="Its length in weeks, 4 to 26.")] = 12,
    name: Annotated[str, typer.Option(help="The name to show.")] = "",
    rules: Annotated[int | None, typer.Option(help="The version of the rules; the newest by default.")] = None,
) -> None:
    """Plan a season."""
    try:
        first = date.fromisoformat(starts)
    except ValueError:
        raise ServerError(f"{starts} is not a date; write it like 2026-01-05") from None

    async def act(database: Database, _: Argon2) -> Season:
        async with database.transaction() as tx:
            found = await find_league(tx, slug)
            return await create_season(tx, found.id, first, weeks, COMMAND_LINE, name=name, version=rules)

    season = run_with_database(act)
    say(f"Planned season {season.number} of {slug}: {season.weeks} weeks from {season.starts}")


@app.command("open")
def open_(slug: Slug, number: Number) -> None:
    """Open a planned season: its rules do not change any more, and all that is stored is scored."""

    async def act(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            await open_season(tx, await _id(tx, slug, number), COMMAND_LINE)

    run_with_database(act)
    say(f"Opened season {number} of {slug}")


@app.command()
def close(slug: Slug, number: Number) -> None:
    """Close a season for good; one whose dates are witnessed when its last week has closed."""

    async def act(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            await close_season(tx, await _id(tx, slug, number), COMMAND_LINE)

    run_with_database(act)
    say(f"Closed season {number} of {slug}")


async def _id(tx: AsyncSession, slug: str, number: int) -> UUID:
    return (await find_season(tx, (await find_league(tx, slug)).id, number)).id
