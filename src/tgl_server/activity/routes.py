"""The routes that read a repository's activity and contributors, as JSON or as a file for a spreadsheet."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from tgl_protocol.activity import (
    Activity,
    ActivityUnit,
    ContributorOrder,
    ContributorPage,
    ContributorPeriod,
)
from tgl_server.access.guards import RepoAccess, reads_commits
from tgl_server.access.names import lagging_names
from tgl_server.activity import reading
from tgl_server.activity.calendar import span_of
from tgl_server.activity.files import MOST_ROWS, activity_file, contributors_file
from tgl_server.activity.reading import Wanted
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers_text
from tgl_server.http.formats import Format, is_csv
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.http.spreadsheets import CSV_MEDIA_TYPE
from tgl_server.http.time_parameters import SinceDay, UntilDay, parse_day

AnyRequest = Request[Any, Any, Any]

By = Annotated[ActivityUnit, QueryParameter(description="The length of a period")]
Period = Annotated[ContributorPeriod, QueryParameter(description="The time that counts; it ends with today, in UTC")]
Order = Annotated[ContributorOrder, QueryParameter(description="What they are ranked by, the most first")]
Merges = Annotated[bool, QueryParameter(description="Count merges as commits")]


@get(
    "/activity",
    guards=[reads_commits],
    opt=answers_text(CSV_MEDIA_TYPE, is_file=True),
    responses={200: ResponseSpec(Activity, description="The sums, or a file of them: see `format`")},
)
async def repo_activity(
    request: AnyRequest,
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    by: By = ActivityUnit.DAY,
    since: SinceDay = None,
    until: UntilDay = None,
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[Activity] | Response[bytes]:
    """Show the repository's commits and lines by day, week or month, by default of the last year. Days are UTC."""
    today = datetime.now(UTC).date()
    span = span_of(by, parse_day("since", since), parse_day("until", until), today)
    async with database.lagging_statements() as connection:
        found = await reading.read_activity(connection, target.id, span)
    if is_csv(request, format):
        return activity_file(found)
    return Response(found)


@get(
    "/contributors",
    guards=[reads_commits],
    opt=answers_text(CSV_MEDIA_TYPE, is_file=True),
    responses={200: ResponseSpec(ContributorPage, description="A page, or a file of the first 10,000: see `format`")},
)
async def repo_contributors(
    request: AnyRequest,
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    period: Period = ContributorPeriod.ALL,
    order: Order = ContributorOrder.COMMITS,
    merges: Merges = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    format: Format = None,  # noqa: A002 -- the parameter's name in the query
) -> Response[ContributorPage] | Response[bytes]:
    """List the people who wrote the repository's commits, with their commits and lines, by rank."""
    as_file = is_csv(request, format)
    wanted, today = Wanted(period, order, merges), datetime.now(UTC).date()
    size = MOST_ROWS if as_file else limit
    async with lagging_names(database, principal.user_id) as connection:
        found = await reading.list_contributors(
            connection, target.id, wanted, viewer=principal.user_id, today=today, limit=size, cursor=cursor
        )
    if as_file:
        return contributors_file(found)
    return Response(found)


activity_router = Router(
    "/projects/{project:str}/repos/{repo:str}",
    route_handlers=[repo_activity, repo_contributors],
    tags=["activity"],
)
