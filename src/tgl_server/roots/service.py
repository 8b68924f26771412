"""The follower that keeps each repository's root commits."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.followers.follower import Follower, Gulp, Reader
from tgl_server.roots import queries

NAME = "roots"


async def roots_of(reader: Reader, repo_id: RepoId, limit: int | None = None) -> list[bytes]:
    """The repository's root commits in the order of their shas, as far as the follower has come."""
    return list(await reader.scalars(queries.ROOTS, {"repo_id": repo_id, "limit": limit}))


async def _add(tx: AsyncSession, gulp: Gulp) -> None:
    """Add roots, or renew them: adding a root twice changes nothing."""
    if gulp.commits:
        shas = [commit["sha"] for commit in gulp.commits]
        await tx.execute(queries.ADD_ROOTS, {"repo_id": gulp.repo_id, "shas": shas})


async def _rebuild(tx: AsyncSession, repo_id: RepoId) -> None:
    await _forget(tx, [repo_id])
    await tx.execute(queries.FIND_ROOTS, {"repo_id": repo_id})


async def _forget(tx: AsyncSession, repo_ids: Sequence[RepoId]) -> None:
    await tx.execute(queries.DELETE_ROOTS, {"repo_ids": list(repo_ids)})


async def _find_wrong(reader: Reader) -> list[UUID]:
    return list(await reader.scalars(queries.FIND_WRONG, {"follower": NAME}))


ROOTS = Follower(
    NAME,
    columns=(),
    wanted=queries.IS_ROOT,
    add=_add,
    renew=_add,
    rebuild=_rebuild,
    forget=_forget,
    find_wrong=_find_wrong,
)
