"""The branch tips of a repository for its page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.access.ids import RepoId
from tgl_server.access.names import Names, names_for, names_of
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
    connection: AsyncConnection, repo_id: RepoId, viewer: UUID, text: str, sort: str, cursor: str | None
) -> BranchList:
    """One page of branches whose name contains a text; two statements."""
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
    names = await names_for(connection, viewer)
    page, next_cursor = cut_page(
        rows, PAGE_SIZE, lambda row: (row["name"],) if sort == "name" else (row["updated_at"], row["name"])
    )
    return BranchList([_branch(row, names) for row in page], next_cursor)


async def branches_and_names(connection: AsyncConnection, repo_id: RepoId, viewer: UUID) -> tuple[Sequence[str], Names]:
    """The branches that moved last, for a field to offer, and the names that the viewer is shown; one statement."""
    asked = {"repo_id": repo_id, "limit": _MOST_OFFERED, "viewer": viewer}
    rows = (await connection.execute(queries.BRANCHES_AND_NAMES, asked)).all()
    return rows[0].branches, names_of(row for row in rows if row.email is not None)


def _branch(row: RowMapping, names: Names) -> Branch:
    author, title = row["author_name"], row["message_title"]
    return Branch(
        name=row["name"].removeprefix(_BRANCH),
        sha=row["sha"].hex(),
        recorded_at=row["updated_at"],
        title=None if title is None else names.text(title),
        author=None if author is None else names.other_than(row["author_email"], author) or author,
        commit_date=row["commit_date"],
    )
