"""`tgl-server seasons`: the seasons of leagues."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.league_changes import StrikeInfo
from tgl_protocol.seals import Amendment, AmendmentWish
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import run_with_database
from tgl_server.cli.league import Slug, find_league
from tgl_server.cli.output import say
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.leagues.amending import amend_season
from tgl_server.leagues.chain import Verified, verify_season
from tgl_server.leagues.models import Season
from tgl_server.leagues.seasons import close_season, create_season, find_season, open_season
from tgl_server.leagues.strikes import list_strikes, strike, take_back

_SHA = re.compile("[0-9a-f]{40}")

app = typer.Typer(help="Plan, open, close, amend and verify seasons.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The number of the season.")]
Commit = Annotated[str, typer.Argument(help="The commit, by its whole sha.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept and shown.")]


@app.callback()
def seasons() -> None:
    """Plan, open, close, amend and verify seasons."""


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


@app.command()
def amend(
    slug: Slug,
    number: Number,
    reason: Reason,
    strike: Annotated[list[str] | None, typer.Option(help="A commit whose change is struck; any number.")] = None,
    take_back: Annotated[list[str] | None, typer.Option(help="A commit whose strike is taken back.")] = None,
    confirm: Annotated[str | None, typer.Option(help="The token of the preview, to do exactly that.")] = None,
) -> None:
    """Show what an amendment of a closed season changes, or do exactly that."""
    wish = AmendmentWish(reason=reason, strike=_shas(strike or []), take_back=_shas(take_back or []), confirm=confirm)

    async def act(database: Database, _: Argon2) -> Amendment:
        async with database.transaction() as tx:
            season = await find_season(tx, (await find_league(tx, slug)).id, number)
            return await amend_season(tx, season, wish, COMMAND_LINE, None)

    found = run_with_database(act)
    for each in found.changes:
        say(f"{each.name}: {each.points_before} -> {each.points_after} points")
    if found.is_done:
        say(f"Amended season {number} of {slug} from week {found.week}")
    else:
        say(f"Week {found.week} and those after it would be sealed anew; --confirm {found.token} does it")


@app.command("strike")
def strike_(slug: Slug, number: Number, sha: Commit, reason: Reason) -> None:
    """Strike the change of a commit, with all its copies, in a season that runs."""
    (wanted,) = _shas([sha])

    async def act(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            season = await find_season(tx, (await find_league(tx, slug)).id, number)
            await strike(tx, season, bytes.fromhex(wanted), reason, COMMAND_LINE)

    run_with_database(act)
    say(f"Struck the change of {sha} in season {number} of {slug}")


@app.command("take-back")
def take_back_(slug: Slug, number: Number, sha: Commit) -> None:
    """Take back the strikes on the change of a commit, in a season that runs."""
    (wanted,) = _shas([sha])

    async def act(database: Database, _: Argon2) -> int:
        async with database.transaction() as tx:
            season = await find_season(tx, (await find_league(tx, slug)).id, number)
            return await take_back(tx, season, bytes.fromhex(wanted), COMMAND_LINE)

    say(f"Took back {run_with_database(act)} on the change of {sha} in season {number} of {slug}")


@app.command("strikes")
def strikes_(slug: Slug, number: Number) -> None:
    """List the strikes of a season, the newest first."""

    async def act(database: Database, _: Argon2) -> list[StrikeInfo]:
        async with database.transaction() as tx:
            return await list_strikes(tx, await _id(tx, slug, number))

    for each in run_with_database(act):
        say(f"{each.sha}  {each.at:%Y-%m-%d %H:%M}  {each.reason}")


@app.command()
def verify(slug: Slug, number: Number) -> None:
    """Walk a season's chain of seals, and compare what is stored with what was sealed; exits with 1 if it differs."""

    async def act(database: Database, _: Argon2) -> Verified:
        async with database.transaction() as tx:
            return await verify_season(tx, await _id(tx, slug, number))

    found = run_with_database(act)
    for each in found.broken:
        say(f"{'season' if each.week is None else f'week {each.week}'}: {each.reason}")
        for line in each.lines:
            say(f"  {line}")
    say(f"{found.weeks} weeks, {found.seals} seals, {len(found.broken)} broken, last {found.last or 'none'}")
    if found.broken:
        raise typer.Exit(1)


def _shas(given: list[str]) -> list[str]:
    for sha in given:
        if not _SHA.fullmatch(sha):
            raise ServerError(f"{sha} is not a whole sha: 40 digits in lower case")
    return given


async def _id(tx: AsyncSession, slug: str, number: int) -> UUID:
    return (await find_season(tx, (await find_league(tx, slug)).id, number)).id
