"""The points that a deletion of repositories would take from players of open seasons, to be confirmed beforehand."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.followers.follower import Losses
from tgl_server.leagues import queries
from tgl_server.leagues.losses_queries import NAME, POINTS
from tgl_server.leagues.naming import names_of_players
from tgl_server.leagues.rescoring import forget_repos
from tgl_server.leagues.sealing import Why
from tgl_server.leagues.terms import load_season

_MOST_NAMED: Final = 20


_Points = dict[UUID, int]


class _OnlyAskedError(Exception):
    """Takes back the savepoint in which a deletion was tried."""


async def find_losses(tx: AsyncSession, repo_ids: Sequence[RepoId], viewer: UUID | None) -> Losses | None:
    """Try the deletion and take it back: what it takes from whom, in the words of the viewer; None if nothing."""
    found: list[tuple[UUID, list[tuple[UUID, int, int]]]] = []
    try:
        async with tx.begin_nested():
            for season_id in list(await tx.scalars(queries.LOCK_SEASONS, {"repo_ids": list(repo_ids)})):
                before = await _points(tx, season_id)
                await forget_repos(tx, await load_season(tx, season_id), repo_ids, Why())
                lost = _changed(before, await _points(tx, season_id))
                if lost:
                    found.append((season_id, lost))
            raise _OnlyAskedError
    except _OnlyAskedError:
        pass
    if not found:
        return None
    told = [await _told(tx, season_id, lost, viewer) for season_id, lost in found]
    token = hashlib.sha256(msgspec.json.encode([sorted(map(str, repo_ids)), found])).hexdigest()[:32]
    return Losses(" ".join(told), token)


async def _points(tx: AsyncSession, season_id: UUID) -> _Points:
    return {row.player_id: row.points for row in await tx.execute(POINTS, {"season_id": season_id})}


def _changed(before: _Points, after: _Points) -> list[tuple[UUID, int, int]]:
    both = ((player, before.get(player, 0), after.get(player, 0)) for player in sorted(before.keys() | after.keys()))
    return [each for each in both if each[1] != each[2]]


async def _told(tx: AsyncSession, season_id: UUID, lost: list[tuple[UUID, int, int]], viewer: UUID | None) -> str:
    season = (await tx.execute(NAME, {"season_id": season_id})).one()
    names = await names_of_players(tx, {player for player, _, _ in lost}, viewer)
    shown = [f"{names[player]} {before} to {after}" for player, before, after in lost if player in names][:_MOST_NAMED]
    more = len(lost) - len(shown)
    others = [f"and {more} more"] if more else []
    return f"It changes points in season {season.number} of {season.name}: {', '.join([*shown, *others])}."
