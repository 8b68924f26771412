"""Reading the sums: the activity of a repository, and its contributors."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.activity import (
    Activity,
    ActivityPeriod,
    Contributor,
    ContributorOrder,
    ContributorPage,
    ContributorPeriod,
)
from tgl_server.access.ids import RepoId
from tgl_server.access.names import name_for_others
from tgl_server.activity import reading_queries
from tgl_server.activity.calendar import Span, first_day
from tgl_server.activity.tables import SUMS
from tgl_server.http.pagination import cut_page, decode_cursor

# As large as PostgreSQL's integers.
_Key = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_NOTHING = dict.fromkeys(SUMS, 0)


class Wanted(Struct, frozen=True):
    """Which contributors to list, and by what to rank them."""

    period: ContributorPeriod = ContributorPeriod.ALL
    order: ContributorOrder = ContributorOrder.COMMITS
    merges: bool = False


async def read_activity(connection: AsyncConnection, repo_id: RepoId, span: Span) -> Activity:
    """Each period of a span, those without a commit as zeros, as far as the follower has come."""
    bounds = {"repo_id": repo_id, "since": span.since, "until": span.until}
    rows = (await connection.execute(reading_queries.PERIODS[span.by], bounds)).mappings()
    found = {row["start"]: {name: row[name] for name in SUMS} for row in rows}
    items = [ActivityPeriod(start, **found.get(start, _NOTHING)) for start in span.starts()]
    return Activity(span.by, span.since, span.until, items)


async def list_contributors(
    connection: AsyncConnection,
    repo_id: RepoId,
    wanted: Wanted,
    *,
    viewer: UUID,
    today: date,
    limit: int,
    cursor: str | None,
) -> ContributorPage:
    """One page of persons, the first rank first, as far as the followers have come and the viewer may see."""
    key, tie = decode_cursor(cursor, tuple[_Key, str]) if cursor else (None, None)
    since = first_day(wanted.period, today)
    query = reading_queries.contributors(wanted.order, is_all_time=since is None, has_merges=wanted.merges)
    asked = {"repo_id": repo_id, "viewer": viewer, "after_key": key, "after_tie": tie, "limit": limit + 1}
    bounds = {} if since is None else {"since": since, "today": today, **_whole_months(since, today)}
    rows = (await connection.execute(query, {**asked, **bounds})).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row["key"], row["tie"]))
    return ContributorPage(wanted.period, since, wanted.merges, [_contributor(row) for row in page], next_cursor)


def _whole_months(since: date, today: date) -> dict[str, date]:
    """The first month of a period that is whole, and the one that has not ended, by their first days."""
    next_month = (since.replace(day=1) + timedelta(days=32)).replace(day=1)
    return {"first_month": since if since.day == 1 else next_month, "this_month": today.replace(day=1)}


def _contributor(row: RowMapping) -> Contributor:
    emails = list(row["emails"] or ())
    shown = {"author_name": row["author_name"], "author_email": emails[0] if emails else "", "emails": emails}
    if row["player_id"] is not None and not row["is_viewer"]:
        other = name_for_others(row["state"], row["visibility"], row["shown_name"])
        shown = shown if other is None else {"author_name": other, "author_email": "", "emails": []}
    plain = {name: row[name] for name in Contributor.__struct_fields__ if name not in shown}
    return Contributor(**plain, **shown)
