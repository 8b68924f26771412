"""The parts of co-authors: rows of their own, computed anew from the changes that count and whom these name."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.leagues.sharing_queries import (
    COMMITS_NAMING,
    DELETE,
    DELETE_ALL,
    DELETE_LOOSE,
    DELETE_ROWS,
    INSERT,
    INSERT_ALL,
    NOTE_NAMED,
)


async def share_changes(tx: AsyncSession, which: Mapping[str, Any]) -> set[tuple[UUID, int]]:
    """Compute the parts of some changes anew; the players and days that had or have one."""
    return {(row.player_id, row.day) for each in (DELETE, INSERT) for row in await tx.execute(each, which)}


async def share_all(tx: AsyncSession, which: Mapping[str, Any]) -> set[tuple[UUID, int]]:
    """Compute the parts of all changes of some players anew; the co-authors and days that had or have one."""
    return {(row.player_id, row.day) for each in (DELETE_ALL, INSERT_ALL) for row in await tx.execute(each, which)}


async def note_named(tx: AsyncSession, season_id: UUID, named: Sequence[tuple[UUID, UUID, bytes]]) -> None:
    """Note on which identities the credit for commits of the ledger depends: identity, repository and sha."""
    if named:
        given = dict(zip(("identity_id", "repo_id", "sha"), map(list, zip(*named, strict=True)), strict=True))
        await tx.execute(NOTE_NAMED, {"season_id": season_id, **given})


async def forget_naming(
    tx: AsyncSession, season_id: UUID, identity_ids: Sequence[UUID]
) -> tuple[dict[UUID, list[bytes]], set[UUID]]:
    """Delete the rows of commits that depend on identities: these commits by repository, and their players."""
    which = {"season_id": season_id}
    found = (await tx.execute(COMMITS_NAMING, {**which, "identity_ids": list(identity_ids)})).all()
    commits: dict[UUID, list[bytes]] = {}
    for repo_id, sha in found:
        commits.setdefault(repo_id, []).append(sha)
    given = {"repo_id": [row.repo_id for row in found], "sha": [row.sha for row in found]}
    return commits, set(await tx.scalars(DELETE_ROWS, {**which, **given}))


async def delete_loose(tx: AsyncSession, season_id: UUID) -> set[UUID]:
    """Delete the parts of rows that were deleted; the players who had them."""
    return set(await tx.scalars(DELETE_LOOSE, {"season_id": season_id}))
