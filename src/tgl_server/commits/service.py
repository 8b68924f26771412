"""Listing a repository's commits, and deleting all that repositories hold."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.stored_commits import CommitPage, StoredCommit
from tgl_server.commits import queries
from tgl_server.cursors import Instant, cut_page, decode_cursor
from tgl_server.projects.models import RepoId


async def list_commits(
    connection: AsyncConnection,
    repo_id: RepoId,
    *,
    author: str | None,
    since: datetime | None,
    until: datetime | None,
    cursor: str | None,
    limit: int,
) -> CommitPage:
    """One page; commits pushed meanwhile neither repeat nor hide those of the next."""
    after = decode_cursor(cursor, tuple[Instant, bytes]) if cursor else None
    email = author.lower() if author is not None else None
    query = queries.commits_page(repo_id, author=email, since=since, until=until, after=after, limit=limit + 1)
    rows = (await connection.execute(query)).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row["commit_date"], row["sha"]))
    return CommitPage([_commit(row) for row in page], next_cursor)


async def delete_stored(tx: AsyncSession, repo_ids: Iterable[RepoId]) -> int:
    """Take away the commits, tips and runs of repositories whose rows the caller has locked; how many commits it was.

    Without that lock a push that is under way would leave its commits behind, as no foreign key holds them.
    """
    whose = {"repo_ids": list(repo_ids)}
    await tx.execute(queries.DELETE_REFS, whose)
    await tx.execute(queries.DELETE_RUNS, whose)
    deleted = cast("CursorResult[object]", await tx.execute(queries.DELETE_COMMITS, whose))
    return deleted.rowcount


def _commit(row: RowMapping) -> StoredCommit:
    plain = {name: row[name] for name in StoredCommit.__struct_fields__ if name not in ("sha", "parents")}
    parents = row["parents"]
    return StoredCommit(
        **plain, sha=row["sha"].hex(), parents=None if parents is None else [sha.hex() for sha in parents]
    )
