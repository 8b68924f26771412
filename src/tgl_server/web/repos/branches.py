"""The branch tips of a repository for its page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.access.ids import RepoId
from tgl_server.http.pagination import Instant, cut_page, decode_cursor
from tgl_server.web.repos import queries

PAGE_SIZE: Final = 200
ORDERS: Final = {"date": "Last recorded", "name": "Name"}
_BRANCH = "refs/heads/"
_MOST_OFFERED = 50


class Branch(Struct, frozen=True, kw_only=True):
    """A branch with its tip; a tip's commit is None after it was deleted."""

    name: str
    sha: str
    recorded_at: datetime
    title: str | None
    author: str | None
    commit_date: datetime | None


class BranchList(Struct, frozen=True):
    """A page of branches; `next_cursor` is None on the last one."""

    items: Sequence[Branch]
    next_cursor: str | None


async def list_branches(
    connection: AsyncConnection, repo_id: RepoId, text: str, sort: str, cursor: str | None
) -> BranchList:
    """One page of branches whose name contains a text; one statement."""
    wanted: dict[str, Any] = {"repo_id": repo_id, "text": text, "limit": PAGE_SIZE + 1}
    if sort == "name":
        (after_name,) = decode_cursor(cursor, tuple[str]) if cursor else (None,)
        query = queries.BRANCHES_BY_NAME
        wanted |= {"after_name": after_name}
    else:
        after_at, after_name = decode_cursor(cursor, tuple[Instant, str]) if cursor else (None, None)
        query = queries.BRANCHES_BY_DATE
        wanted |= {"after_at": after_at, "after_name": after_name}
    rows = (await connection.execute(query, wanted)).mappings().all()
    page, next_cursor = cut_page(
        rows, PAGE_SIZE, lambda row: (row["name"],) if sort == "name" else (row["updated_at"], row["name"])
    )
    return BranchList([_branch(row) for row in page], next_cursor)


async def newest_branches(connection: AsyncConnection, repo_id: RepoId) -> Sequence[str]:
    """The names of the branches that moved last, for a field to offer."""
    return (await connection.scalars(queries.NEWEST_BRANCHES, {"repo_id": repo_id, "limit": _MOST_OFFERED})).all()


def _branch(row: RowMapping) -> Branch:
    return Branch(
        name=row["name"].removeprefix(_BRANCH),
        sha=row["sha"].hex(),
        recorded_at=row["updated_at"],
        title=row["message_title"],
        author=row["author_name"],
        commit_date=row["commit_date"],
    )
