"""`tgl-server league`: leagues, their repositories and rules, and the scorer."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.league_changes import RulesPreview
from tgl_server.access.ids import RepoId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import run_with_database
from tgl_server.cli.output import say
from tgl_server.cli.projects import find_project
from tgl_server.cli.users import find_account
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.followers.runner import catch_up
from tgl_server.http.text_rules import is_storable
from tgl_server.leagues import service
from tgl_server.leagues.follower import LEAGUES
from tgl_server.leagues.models import League, Season
from tgl_server.leagues.preview import preview_rules
from tgl_server.leagues.replay import Difference, Replay, check_season, write_season
from tgl_server.leagues.rules import parse_rules, rules_hash, rules_json
from tgl_server.leagues.seasons import find_season, keep_seasons
from tgl_server.leagues.service import RepoOfLeague
from tgl_server.players.service import PLAYERS
from tgl_server.projects.service import find_repo

app = typer.Typer(help="Create leagues, choose their repositories and rules, and score.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="The league's name in addresses.")]
_MOST_SHOWN = 50
#: A process of its own may take its time, and some gigabytes.
_MOST_TRIED = 20_000_000

_REPOS = text("""
    SELECT p.slug || '/' || r.name FROM league_repos l JOIN repos r ON r.id = l.repo_id
    JOIN projects p ON p.id = r.project_id WHERE l.league_id = :league_id ORDER BY l.position
""")

_REPOS_OF_PROJECT = text("SELECT id FROM repos WHERE project_id = :project_id ORDER BY name")


@app.callback()
def league() -> None:
    """Create leagues, choose their repositories and rules, and score."""


@app.command()
def create(
    slug: Annotated[str, typer.Argument(help="The league's name in addresses: lower-case letters and digits.")],
    owner: Annotated[str, typer.Option(help="The e-mail address of the account that owns it.")],
    name: Annotated[str, typer.Option(help="The name to show; the slug by default.")] = "",
    project: Annotated[str, typer.Option(help="Give it all repositories that this project has now.")] = "",
) -> None:
    """Create a league; its rules begin with version 1."""

    async def act(database: Database, _: Argon2) -> League:
        async with database.transaction() as tx:
            user = await find_account(tx, owner)
            if is_storable(slug) and await service.find_league(tx, slug) is not None:
                raise ServerError(f"there is a league {slug} already; choose another slug")
            made = await service.create_league(tx, user.id, slug, name or slug, COMMAND_LINE)
            if project:
                found = await find_project(tx, project)
                repo_ids = await tx.scalars(_REPOS_OF_PROJECT, {"project_id": found.id})
                await service.set_repos(tx, made.id, [RepoOfLeague(RepoId(each)) for each in repo_ids], COMMAND_LINE)
            return made

    made = run_with_database(act)
    say(f"Created league {made.slug} ({made.id}), owned by {owner}")


@app.command()
def repos(
    slug: Slug,
    repositories: Annotated[
        list[str] | None, typer.Argument(help="PROJECT/REPO, upstream before fork; without any, they are listed.")
    ] = None,
) -> None:
    """List a league's repositories, or give it these, in this order."""

    async def act(database: Database, _: Argon2) -> list[str]:
        async with database.transaction() as tx:
            found = await find_league(tx, slug)
            if repositories:
                wanted = [RepoOfLeague(await _repo_id(tx, each)) for each in repositories]
                await service.set_repos(tx, found.id, wanted, COMMAND_LINE)
            return list(await tx.scalars(_REPOS, {"league_id": found.id}))

    for name in run_with_database(act):
        say(name)


@app.command()
def rules(
    slug: Slug,
    file: Annotated[
        Path | None, typer.Option("--file", exists=True, dir_okay=False, help="JSON of a new version to add.")
    ] = None,
    note: Annotated[str, typer.Option(help="What the new version changes, in a sentence.")] = "",
) -> None:
    """Print a league's newest rules with their hash, or add a version; a parameter that is left out has its default."""

    async def act(database: Database, _: Argon2) -> tuple[int, bytes, str]:
        async with database.transaction() as tx:
            found = await find_league(tx, slug)
            if file is not None:
                await service.add_rules(tx, found.id, parse_rules(file.read_bytes()), note, COMMAND_LINE)
            version = await service.last_rules(tx, found.id)
            held = await service.load_rules(tx, found.id, version)
            return version, rules_json(held), rules_hash(held).hex()

    version, document, digest = run_with_database(act)
    say(document.decode())
    say(f"version {version}, sha256 {digest}", err=True)


@app.command()
def preview(
    slug: Slug,
    file: Annotated[Path, typer.Option("--file", exists=True, dir_okay=False, help="JSON of the rules to try.")],
    season: Annotated[int | None, typer.Option(help="The season to try them on; the last 12 weeks by default.")] = None,
) -> None:
    """Try rules on a season, or on the last 12 weeks: who would move, and how much is late. Stores nothing."""

    async def act(database: Database, _: Argon2) -> RulesPreview:
        tried = parse_rules(file.read_bytes())
        async with database.transaction() as tx:
            return await preview_rules(tx, await find_league(tx, slug), tried, season, None, most=_MOST_TRIED)

    found = run_with_database(act)
    for each in found.moved:
        before, after = (rank or "-" for rank in (each.rank_before, each.rank_after))
        say(f"{before} -> {after}  {each.name}: {each.points_before} -> {each.points_after} points")
    say(f"{found.commits} commits, {found.players} players, {len(found.moved)} would move")
    grace = f"; {found.proposed_grace_days} days of grace are better" if found.proposed_grace_days else ""
    say(f"{found.late_percent} % of the work arrives after its week{grace}")


@app.command()
def score() -> None:
    """Score all that is stored, as `serve` does by itself: commits, new weeks, claims."""

    async def act(database: Database, _: Argon2) -> None:
        await catch_up(database, (PLAYERS, LEAGUES))
        await keep_seasons(database)

    run_with_database(act)


@app.command()
def replay(
    slug: Slug,
    season: Annotated[int, typer.Option(help="The number of the season.")],
    check: Annotated[bool, typer.Option("--check", help="Compute it without writing, and compare.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Compute it from the stored commits, and store it.")] = False,
) -> None:
    """Compute a season again: with --check it exits with 1 if any verdict, day, week, place or award differs."""
    if check == write:
        raise ServerError("say either --check or --write")

    async def act(database: Database, _: Argon2) -> Replay:
        async with database.transaction() as tx:
            found: Season = await find_season(tx, (await find_league(tx, slug)).id, season)
        await catch_up(database, (PLAYERS, LEAGUES))
        if write:
            await write_season(database, found.id)
        return await check_season(database, found.id)

    found = run_with_database(act)
    for difference in found.differences[:_MOST_SHOWN]:
        say(_sentence(difference))
    more = len(found.differences) - _MOST_SHOWN
    if more > 0:
        say(f"and {more} more")
    say(f"{found.commits} commits, {len(found.differences)} differences, digest {found.digest}")
    if found.differences:
        raise typer.Exit(1)


def _sentence(difference: Difference) -> str:
    key = " ".join(each.hex() if isinstance(each, bytes) else str(each) for each in difference.key)
    stored, computed = (_values(side) for side in (difference.stored, difference.computed))
    return f"{difference.table} {key}: stored {stored}, computed {computed}"


def _values(row: tuple[object, ...] | None) -> str:
    return "nothing" if row is None else " ".join(map(str, row))


async def find_league(tx: AsyncSession, slug: str) -> League:
    """The league with this slug; raises `ServerError` without one."""
    found = await service.find_league(tx, slug) if is_storable(slug) else None
    if found is None:
        raise ServerError(f"there is no league {slug}; `tgl-server league create {slug} --owner EMAIL` makes one")
    return found


async def _repo_id(tx: AsyncSession, address: str) -> RepoId:
    project, _, name = address.partition("/")
    found = await find_repo(tx, await find_project(tx, project), name) if is_storable(address) else None
    if found is None:
        raise ServerError(f"there is no repository {address}; write PROJECT/REPO")
    return RepoId(found.id)
