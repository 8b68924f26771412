"""The pages of a repository's people: who committed how much in a period, by rank, and the same as a file."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.activity import Contributor, ContributorOrder, ContributorPage, ContributorPeriod
from tgl_server.access.guards import reads_commits
from tgl_server.access.ids import RepoId
from tgl_server.access.names import lagging_names
from tgl_server.activity.files import MOST_ROWS, contributors_file
from tgl_server.activity.reading import Wanted, list_contributors
from tgl_server.web.filters import Filters
from tgl_server.web.repos.header import RepoView
from tgl_server.web.repos.queries import WEEKS_OF_AUTHORS
from tgl_server.web.trends import trend, trend_start

PEOPLE: Final = "/projects/{project:str}/repos/{repo:str}/people"
PAGE_SIZE: Final = 50
PERIODS: Final = {
    ContributorPeriod.ALL: "All time",
    ContributorPeriod.YEAR: "Last 365 days",
    ContributorPeriod.DAYS_90: "90 days",
    ContributorPeriod.DAYS_30: "30 days",
}


class PersonRow(Struct, frozen=True):
    """A contributor with their commits of the last weeks."""

    person: Contributor
    weeks: tuple[int, ...]


class PeopleList(Struct, frozen=True):
    """A page of contributors; `next_cursor` is None on the last one."""

    items: Sequence[PersonRow]
    next_cursor: str | None


@get(PEOPLE, guards=[reads_commits])
async def show_people(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The authors of a repository's commits, the first rank first."""
    asked, today = Filters(repo_view.request), datetime.now(UTC).date()
    wanted = _wanted(asked)
    async with lagging_names(repo_view.database, repo_view.principal.user_id) as connection:
        page = await list_contributors(
            connection,
            repo_view.access.id,
            wanted,
            viewer=repo_view.principal.user_id,
            today=today,
            limit=PAGE_SIZE,
            cursor=asked.cursor,
        )
        people = await _with_weeks(connection, repo_view.access.id, page, today)
    return await repo_view.show(
        "repo_people.html", people=people, wanted=wanted, periods=PERIODS, at=_address_maker(wanted)
    )


@get(f"{PEOPLE}.csv", guards=[reads_commits])
async def export_people(repo_view: NamedDependency[RepoView]) -> Response[bytes]:
    """The file that the API answers."""
    asked, today = Filters(repo_view.request), datetime.now(UTC).date()
    wanted = _wanted(asked)
    asked.check_known()
    async with lagging_names(repo_view.database, repo_view.principal.user_id) as connection:
        found = await list_contributors(
            connection,
            repo_view.access.id,
            wanted,
            viewer=repo_view.principal.user_id,
            today=today,
            limit=MOST_ROWS,
            cursor=None,
        )
    return contributors_file(found)


def _wanted(asked: Filters) -> Wanted:
    return Wanted(
        asked.choice("period", ContributorPeriod, ContributorPeriod.ALL),
        asked.choice("order", ContributorOrder, ContributorOrder.COMMITS),
        asked.choice("merges", ("true", "false"), "false") == "true",
    )


def _address_maker(wanted: Wanted) -> Any:
    """A function that makes the query of an address which asks for something else, and for the rest as before."""
    now = {"period": wanted.period, "order": wanted.order, "merges": "true" if wanted.merges else "false"}
    return lambda **other: urlencode({**now, **other})


async def _with_weeks(connection: AsyncConnection, repo_id: RepoId, page: ContributorPage, today: date) -> PeopleList:
    asked = {
        "repo_id": repo_id,
        "since": trend_start(today),
        "today": today,
        "players": [person.player_id for person in page.items],
        "emails": [person.author_email for person in page.items],
        "merges": page.merges,
    }
    weeks: dict[str, dict[date, int]] = {}
    for row in (await connection.execute(WEEKS_OF_AUTHORS, asked)).mappings():
        weeks.setdefault(row["person"], {})[row["week"]] = row["commits"]
    items = [PersonRow(each, trend(weeks.get(_person(each), {}), today)) for each in page.items]
    return PeopleList(items, page.next_cursor)


def _person(contributor: Contributor) -> str:
    return str(contributor.player_id or contributor.author_email)


ROUTES = (show_people, export_people)
