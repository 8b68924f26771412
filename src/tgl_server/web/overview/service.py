"""What the overview shows: its rows, filtered and sorted, in bands, with the counts of each state."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.auth.principal import Principal
from tgl_server.web.filters import Filters
from tgl_server.web.overview.queries import REPOS
from tgl_server.web.overview.standing import BANDS, RepoRow, Standing, repo_row, worst_first

#: More repositories than these are not listed on one page; the projects' pages have them.
MOST_ROWS: Final = 2000

TILES: Final = (
    Standing.FAILING,
    Standing.INTERRUPTED,
    Standing.STALE,
    Standing.SYNCING,
    Standing.HEALTHY,
    Standing.NEVER,
)

_ORDERS: dict[str, Callable[[RepoRow], Any]] = {
    "worst": worst_first,
    "name": lambda row: (row.name.lower(), row.project),
    "push": lambda row: -(row.last_success_at.timestamp() if row.last_success_at else 0),
    "commits": lambda row: -row.commits,
}
ORDERS: Final = {"worst": "Worst first", "name": "Name", "push": "Last push", "commits": "Commits"}


class Wish(Struct, frozen=True):
    """What the viewer asked for by the address of the page."""

    text: str = ""
    state: Standing | None = None
    sort: str = "worst"


class Band(Struct, frozen=True):
    title: str
    rows: Sequence[RepoRow]


class Overview(Struct, frozen=True):
    """The overview; `counts` is of all repositories, whatever is filtered."""

    bands: Sequence[Band]
    counts: dict[Standing, int]
    total: int
    projects: int
    shown: int

    @property
    def failing(self) -> int:
        return self.counts[Standing.FAILING] + self.counts[Standing.INTERRUPTED]


async def read_overview(
    connection: AsyncConnection,
    principal: Principal,
    wish: Wish,
    run_timeout: timedelta,
    project_id: UUID | None = None,
) -> Overview:
    """The repositories that the caller sees, of one project or of all."""
    rows = await _read(connection, principal, run_timeout, project_id)
    shown = sorted((row for row in rows if _fits(row, wish)), key=_ORDERS[wish.sort])
    counts = Counter(row.standing for row in rows)
    return Overview(
        bands=_bands(shown) if wish.sort == "worst" else [Band("", shown)] if shown else [],
        counts={standing: counts[standing] for standing in TILES},
        total=len(rows),
        projects=len({row.project for row in rows}),
        shown=len(shown),
    )


class ProjectStanding(Struct, frozen=True):
    """A project as its worst repository stands, how many stand so, and all their commits of the last weeks."""

    worst: Standing
    count: int
    weeks: tuple[int, ...]


async def read_projects(
    connection: AsyncConnection, principal: Principal, run_timeout: timedelta
) -> dict[str, ProjectStanding]:
    """How the projects that the caller sees stand, by their slugs; one without a repository is not there."""
    projects: dict[str, list[RepoRow]] = {}
    for row in await _read(connection, principal, run_timeout, None):
        projects.setdefault(row.project, []).append(row)
    return {slug: _project(rows) for slug, rows in projects.items()}


def _project(rows: Sequence[RepoRow]) -> ProjectStanding:
    worst = min(rows, key=worst_first).standing
    weeks = tuple(map(sum, zip(*(row.weeks for row in rows), strict=True)))
    return ProjectStanding(worst, sum(row.standing is worst for row in rows), weeks)


async def _read(
    connection: AsyncConnection, principal: Principal, run_timeout: timedelta, project_id: UUID | None
) -> list[RepoRow]:
    asked = {
        "user_id": principal.user_id,
        "is_commissioner": principal.is_commissioner,
        "project_id": project_id,
        "repo_id": None,
        "limit": MOST_ROWS,
    }
    return [repo_row(row, run_timeout) for row in (await connection.execute(REPOS, asked)).mappings()]


def wish_of(asked: Filters) -> Wish:
    """What an address asks for."""
    return Wish(asked.text("q", 100), asked.choice("state", TILES, None), asked.choice("sort", ORDERS, "worst"))


def _fits(row: RepoRow, wish: Wish) -> bool:
    if wish.state is not None and row.standing is not wish.state:
        return False
    wanted = wish.text.casefold()
    return not wanted or wanted in row.name.casefold() or wanted in row.project.casefold()


def _bands(rows: Sequence[RepoRow]) -> list[Band]:
    bands = [Band(title, [row for row in rows if row.standing in standings]) for title, standings in BANDS]
    return [band for band in bands if band.rows]
