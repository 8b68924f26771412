"""Marks of followers: made and deleted with their repository, with their lag."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.followers import queries
from tgl_server.followers.follower import Follower, Followers
from tgl_server.http.confirmation import ConfirmationNeeded


class Lag(Struct, frozen=True):
    """The number of rows of the log that a follower has not followed yet, and the age of the oldest in seconds."""

    rows: int = 0
    seconds: float = 0.0


async def create_marks(tx: AsyncSession, followers: Followers, repo_id: RepoId) -> None:
    """Let each follower follow a repository from the beginning of its log; an existing mark stays."""
    names = [follower.name for follower in followers]
    await tx.execute(queries.CREATE_MARKS, {"repo_id": repo_id, "followers": names})


async def forget_repos(tx: AsyncSession, followers: Followers, repo_ids: Iterable[RepoId]) -> None:
    """Delete the marks, and then the results of each follower: these repositories are no longer followed."""
    which = list(repo_ids)
    await tx.execute(queries.DELETE_MARKS, {"repo_ids": which})
    for follower in followers:
        await follower.forget(tx, which)


async def confirm_losses(
    tx: AsyncSession, followers: Followers, repo_ids: Sequence[RepoId], viewer: UUID | None, confirmed: str | None
) -> None:
    """Raises `ConfirmationNeeded` if deleting repositories takes something from others that was not confirmed."""
    for follower in followers:
        found = await follower.losses(tx, repo_ids, viewer) if follower.losses else None
        if found is not None and found.token != confirmed:
            raise ConfirmationNeeded(f"Deleting this takes something from others. {found.sentence}", found.token)


async def follow_anew(tx: AsyncSession, follower: Follower, repo_id: RepoId) -> bool:
    """Compute a follower's results for a repository anew from all commits; False if the repository is deleted."""
    await create_marks(tx, [follower], repo_id)
    await hold_mark(tx, repo_id, follower)
    last = await tx.scalar(queries.HOLD_STATE, {"repo_id": repo_id})
    if last is None:
        return False
    await follower.rebuild(tx, repo_id)
    await tx.execute(queries.MOVE_MARK, {"repo_id": repo_id, "follower": follower.name, "seq": last})
    return True


async def hold_mark(tx: AsyncSession, repo_id: RepoId, follower: Follower) -> None:
    """Keep the follower from following the repository until the transaction ends."""
    await tx.execute(queries.LOCK_MARK, {"repo_id": repo_id, "follower": follower.name})


async def is_followed(tx: AsyncSession, repo_id: RepoId, name: str) -> bool:
    """True if the follower of this name has a mark for the repository, which stays locked."""
    return await tx.scalar(queries.LOCK_MARK, {"repo_id": repo_id, "follower": name}) is not None


async def lag_of(connection: AsyncConnection, followers: Followers) -> dict[str, Lag]:
    """The lag of each follower, by name."""
    rows = {row.follower: Lag(row.rows, row.seconds) for row in await connection.execute(queries.LAG)}
    return {follower.name: rows.get(follower.name, Lag()) for follower in followers}
