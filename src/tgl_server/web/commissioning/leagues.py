"""The list of leagues, making one, and a league's page: its repositories in order, and planning a season."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.league_changes import MAX_REPOS, NewLeague
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.access.callers import commissioner
from tgl_server.access.ids import RepoId
from tgl_server.access.refusals import audited_as
from tgl_server.leagues import reading, service
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.paths import Slug
from tgl_server.leagues.seasons import create_season
from tgl_server.leagues.service import RepoOfLeague
from tgl_server.web.commissioning.view import LEAGUE, LEAGUES, Desk, LeagueShown, read_league
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

_REPOS_BY_ADDRESS = text("""
    SELECT r.id, p.slug || '/' || r.name AS address FROM repos r JOIN projects p ON p.id = r.project_id
    WHERE p.slug || '/' || r.name = ANY(CAST(:addresses AS text[]))
""")

_OTHERS = text("""
    SELECT p.slug || '/' || r.name FROM repos r JOIN projects p ON p.id = r.project_id
    WHERE r.id <> ALL(CAST(:repo_ids AS uuid[])) ORDER BY 1 LIMIT :limit
""")

_SHOWN: Final = 200
_MOST_CHARACTERS: Final = 200_000


class _ReposForm(Struct, frozen=True):
    """A repository a line, upstream before fork: PROJECT/REPO, and maybe the day from which it counts."""

    repos: Annotated[str, Meta(max_length=_MOST_CHARACTERS)]


class _SeasonForm(Struct, frozen=True):
    """A season to plan."""

    starts: date
    weeks: Annotated[int, Meta(ge=4, le=26)]
    season_name: Annotated[str, Meta(max_length=200)] = ""


@get(LEAGUES, guards=[commissioner])
async def show_leagues(desk: NamedDependency[Desk]) -> Response[str]:
    """The leagues, and the form that makes one."""
    return await _show_leagues(desk, form_of_query(desk.request))


@post(LEAGUES, guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.LEAGUE_CREATED))
async def make_league(desk: NamedDependency[Desk]) -> Response[Any]:
    """Make a league, and go on to its repositories."""

    async def make(form: Form) -> Response[Any]:
        new = form.read(NewLeague)
        async with desk.database.transaction() as tx:
            await service.create_league(tx, desk.principal.user_id, new.slug, new.name, desk.actor)
        return go_on(f"{LEAGUES}/{new.slug}", "league-made", new.name, secure=desk.settings.is_secure)

    return await submit(desk.request, make, partial(_show_leagues, desk), {errors.Conflict: "slug"})


async def _show_leagues(desk: Desk, form: Form, status: int = 200) -> Response[str]:
    async with desk.database.statements() as connection:
        found = await reading.list_leagues(connection, desk.principal)
    return page(desk.request, "commissioning/leagues.html", status=status, form=form, leagues=found.items)


@get(LEAGUE, guards=[commissioner])
async def show_league(desk: NamedDependency[Desk], league: Slug) -> Response[str]:
    """A league: its repositories and seasons."""
    return await _show_league(desk, league, form_of_query(desk.request))


@post(f"{LEAGUE}/repos", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.LEAGUE_REPOS_CHANGED))
async def choose_repos(desk: NamedDependency[Desk], league: Slug) -> Response[Any]:
    """Give the league exactly these repositories, in this order."""

    async def choose(form: Form) -> Response[Any]:
        lines = form.read(_ReposForm).repos.splitlines()
        async with desk.database.transaction() as tx:
            shown = await read_league(tx, desk, league)
            await service.set_repos(tx, shown.info.id, await _wanted(tx, lines, shown), desk.actor)
        return go_on(shown.path, "league-repos-chosen", shown.info.name, secure=desk.settings.is_secure)

    return await submit(desk.request, choose, partial(_show_league, desk, league))


@post(f"{LEAGUE}/seasons", guards=[commissioner], status_code=303, opt=audited_as(LeagueAction.SEASON_CREATED))
async def plan_season(desk: NamedDependency[Desk], league: Slug) -> Response[Any]:
    """Plan a season by the newest rules."""

    async def plan(form: Form) -> Response[Any]:
        wish = form.read(_SeasonForm)
        async with desk.database.transaction() as tx:
            shown = await read_league(tx, desk, league)
            name = wish.season_name.strip()
            made = await create_season(tx, shown.info.id, wish.starts, wish.weeks, desk.actor, name=name)
        path = f"{shown.path}/seasons/{made.number}"
        return go_on(path, "season-planned", made.name, secure=desk.settings.is_secure)

    return await submit(desk.request, plan, partial(_show_league, desk, league), {errors.Conflict: "starts"})


async def _show_league(desk: Desk, league: str, form: Form, status: int = 200) -> Response[str]:
    async with desk.database.transaction() as tx:
        shown = await read_league(tx, desk, league)
        which = {"repo_ids": [repo.repo_id for repo in shown.repos], "limit": _SHOWN}
        others = list(await tx.scalars(_OTHERS, which))
    form.fields.setdefault(
        "repos", ["\n".join(_line(repo.project, repo.repo, repo.counts_from) for repo in shown.repos)]
    )
    form.fields.setdefault("weeks", ["12"])
    return page(desk.request, "commissioning/league.html", status=status, form=form, league=shown, others=others)


def _line(project: str, repo: str, counts_from: date | None) -> str:
    return f"{project}/{repo}" if counts_from is None else f"{project}/{repo} from {counts_from.isoformat()}"


async def _wanted(tx: AsyncSession, lines: list[str], shown: LeagueShown) -> list[RepoOfLeague]:
    """The repositories of the lines; raises `InvalidBody` that names the first line that is none."""
    trusted = {repo.repo_id: repo.dates_trusted_until for repo in shown.repos}
    read = [_read(line.strip()) for line in lines if line.strip()]
    if len(read) > MAX_REPOS:
        _refuse(f"Expected at most {MAX_REPOS} repositories")
    rows = await tx.execute(_REPOS_BY_ADDRESS, {"addresses": [address for address, _ in read]})
    ids = {row.address: row.id for row in rows}
    unknown = next((address for address, _ in read if address not in ids), None)
    if unknown is not None:
        _refuse(f"There is no repository {unknown}; write PROJECT/REPO, one a line")
    return [RepoOfLeague(RepoId(ids[address]), counts_from, trusted.get(ids[address])) for address, counts_from in read]


def _read(line: str) -> tuple[str, date | None]:
    """An address, and a day after the last ` from `; a name may have spaces itself."""
    address, found, day = line.rpartition(" from ")
    try:
        return (address.strip(), date.fromisoformat(day.strip())) if found else (line, None)
    except ValueError:
        return line, None


def _refuse(message: str) -> None:
    raise errors.InvalidBody(errors=[FieldError(message, field="repos")])


ROUTES = (show_leagues, make_league, show_league, choose_repos, plan_season)
