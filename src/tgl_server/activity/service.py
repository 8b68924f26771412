"""The follower that keeps the sums of each repository."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.activity import queries
from tgl_server.activity.sums import COLUMNS, add_up, as_columns
from tgl_server.followers.follower import Follower, Gulp, Reader

NAME = "activity"


async def _add(tx: AsyncSession, gulp: Gulp) -> None:
    if gulp.commits:
        await tx.execute(queries.ADD, {"repo_id": gulp.repo_id, **as_columns(add_up(gulp.commits))})


async def _renew(tx: AsyncSession, gulp: Gulp) -> None:
    touched = as_columns(add_up(gulp.commits))
    for statement in queries.RENEW:
        await tx.execute(statement, {"repo_id": gulp.repo_id, **touched})


async def _rebuild(tx: AsyncSession, repo_id: RepoId) -> None:
    await _forget(tx, [repo_id])
    for statement in queries.REBUILD:
        await tx.execute(statement, {"repo_id": repo_id})


async def _forget(tx: AsyncSession, repo_ids: Sequence[RepoId]) -> None:
    for statement in queries.DELETE:
        await tx.execute(statement, {"repo_ids": list(repo_ids)})


async def _find_wrong(reader: Reader) -> list[UUID]:
    return list(await reader.scalars(queries.FIND_WRONG, {"follower": NAME}))


ACTIVITY = Follower(
    NAME,
    columns=COLUMNS,
    wanted="true",
    add=_add,
    renew=_renew,
    rebuild=_rebuild,
    forget=_forget,
    find_wrong=_find_wrong,
)
