"""The follower that keeps the authors of each repository, and makes their identities."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.followers.follower import Follower, Gulp, Reader
from tgl_server.players import queries
from tgl_server.players.identifying import Author, identify_authors

NAME = "players"


async def _add(tx: AsyncSession, gulp: Gulp) -> None:
    """Add authors, or renew them: adding one twice changes nothing."""
    await _add_authors(tx, gulp.repo_id, [Author(row["author_email"], row["author_name"]) for row in gulp.commits])


async def _add_authors(tx: AsyncSession, repo_id: RepoId, authors: Iterable[Author]) -> None:
    added = sorted(set(authors))
    if not added:
        return
    await identify_authors(tx, added)
    given = {"emails": [author.email for author in added], "names": [author.name for author in added]}
    await tx.execute(queries.ADD_AUTHORS, {"repo_id": repo_id, **given})


async def _rebuild(tx: AsyncSession, repo_id: RepoId) -> None:
    """Find the authors anew; identities stay, as events name them, and other repositories may have them."""
    await _forget(tx, [repo_id])
    rows = await tx.execute(queries.AUTHORS_OF_COMMITS, {"repo_id": repo_id})
    await _add_authors(tx, repo_id, [Author(row.author_email, row.author_name) for row in rows])


async def _forget(tx: AsyncSession, repo_ids: Sequence[RepoId]) -> None:
    await tx.execute(queries.DELETE_AUTHORS, {"repo_ids": list(repo_ids)})


async def _find_wrong(reader: Reader) -> list[UUID]:
    return list(await reader.scalars(queries.FIND_WRONG, {"follower": NAME}))


PLAYERS = Follower(
    NAME,
    columns=("author_email", "author_name"),
    wanted=queries.IS_NEW_AUTHOR,
    add=_add,
    renew=_add,
    rebuild=_rebuild,
    forget=_forget,
    find_wrong=_find_wrong,
)
