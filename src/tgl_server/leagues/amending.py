"""Amending a closed season: strikes, and identities that have moved since; first as a preview, then exactly that.

A closed season is amended from its ledger, as its repositories may be gone. Who played and what was a bot stays as it
was when it closed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.leagues import SeasonState
from tgl_protocol.problem import FieldError
from tgl_protocol.seals import Amendment, AmendmentWish
from tgl_server import errors
from tgl_server.audit.service import Actor
from tgl_server.leagues import queries, sealing_queries
from tgl_server.leagues.amending_queries import COPIES, MOVE, MOVE_AUTHORS, MOVE_SHARERS, MOVED
from tgl_server.leagues.chain import named
from tgl_server.leagues.models import Season
from tgl_server.leagues.naming import names_of_players
from tgl_server.leagues.scorer import score_players
from tgl_server.leagues.sealing import Amended, Why, reseal
from tgl_server.leagues.seasons_queries import LOCK
from tgl_server.leagues.sharing import delete_loose
from tgl_server.leagues.strikes_queries import STRIKE, TAKE_BACK
from tgl_server.leagues.terms import ScoredSeason, load_season
from tgl_server.projects import names


class _OnlyShownError(Exception):
    """Takes back the savepoint of a preview."""


class _Wanted(Struct, frozen=True):
    """The shas of a wish, as they are stored."""

    strike: list[bytes]
    take_back: list[bytes]


async def amend_season(
    tx: AsyncSession, season: Season, wish: AmendmentWish, by: Actor, viewer: UUID | None
) -> Amendment:
    """Show what an amendment of a closed season changes, or do exactly that, with the token of that answer.

    Raises `Conflict` for a season that is not closed, if nothing would change, and if the preview is no longer right.
    """
    names.refuse_faults({"reason": names.text_fault(wish.reason)})
    state = SeasonState(await tx.scalar(LOCK, {"season_id": season.id}))
    if state is not SeasonState.CLOSED:
        raise errors.Conflict(f"Season {season.number} is {state}: what changes it amends it by itself.")
    wanted = _Wanted([bytes.fromhex(sha) for sha in wish.strike], [bytes.fromhex(sha) for sha in wish.take_back])
    is_done = wish.confirm is not None
    try:
        async with tx.begin_nested():
            found = await _amend(tx, season.id, wanted, Why(by, wish.reason))
            token = await _token(tx, season.id, wanted, found)
            if not is_done:
                raise _OnlyShownError
    except _OnlyShownError:
        pass
    if is_done and token != wish.confirm:
        raise errors.Conflict("This is not what the preview has shown; look at it again.")
    shown = await names_of_players(tx, {player for player, _, _ in found.changes}, viewer)
    return Amendment(is_done=is_done, token=token, week=found.week + 1, changes=named(found.changes, shown))


async def _amend(tx: AsyncSession, season_id: UUID, wanted: _Wanted, why: Why) -> Amended:
    season = await load_season(tx, season_id)
    moved = await _move(tx, season) | await _move_sharers(tx, season)
    struck = await _strike(tx, season, wanted, why)
    await tx.execute(MOVE_AUTHORS, {"season_id": season.id})
    await score_players(tx, season, moved | struck | await delete_loose(tx, season.id))
    found = await reseal(tx, season, replace(why, struck=frozenset(struck)), is_closed=True)
    if found is None:
        raise errors.Conflict("Nothing would change: no identity has moved, and no change of a sealed week is struck.")
    return found


async def _move(tx: AsyncSession, season: ScoredSeason) -> set[UUID]:
    """Give rows of the ledger to the players that their identities belong to now; the players concerned."""
    which = {"season_id": season.id}
    moved = (await tx.execute(MOVED, which)).all()
    if not moved:
        return set()
    identities = sorted({row.identity_id for row in moved})
    given = {**which, "identity_ids": identities, "player_ids": sorted({row.player_id for row in moved})}
    await tx.execute(queries.SPREAD_STRIKES, which)
    await tx.execute(queries.UNSEAL_OF_IDENTITIES, given)
    await tx.execute(MOVE, given)
    return {row.player_id for row in moved} | {row.now for row in moved}


async def _move_sharers(tx: AsyncSession, season: ScoredSeason) -> set[UUID]:
    """Give the parts of co-authors to the players that these are now; the players concerned."""
    rows = await tx.execute(MOVE_SHARERS, {"season_id": season.id})
    return {player for row in rows for player in (row.player_id, row.before, row.now)}


async def _strike(tx: AsyncSession, season: ScoredSeason, wanted: _Wanted, why: Why) -> set[UUID]:
    """Store strikes and take others back, on all copies of their changes; the players concerned."""
    which = {"season_id": season.id}
    rows = await _copies(tx, season.id, [*wanted.strike, *wanted.take_back])
    named = {row.named for row in rows}
    _refuse("The season has no such commit", (sha for sha in (*wanted.strike, *wanted.take_back) if sha not in named))
    struck = {**which, "shas": wanted.strike, "reason": why.reason, "struck_by": why.by.user_id}
    await tx.execute(STRIKE, struck)
    freed = set(await tx.scalars(TAKE_BACK, {**which, "shas": wanted.take_back}))
    of_freed = {row.named for row in rows if row.sha in freed}
    _refuse("The change of this commit is not struck", (sha for sha in wanted.take_back if sha not in of_freed))
    return {row.player_id for row in rows}


async def _copies(tx: AsyncSession, season_id: UUID, shas: Sequence[bytes]) -> Sequence[Row[Any]]:
    return (await tx.execute(COPIES, {"season_id": season_id, "shas": list(shas)})).all()


def _refuse(reason: str, shas: Iterable[bytes]) -> None:
    faults = [FieldError(reason, sha=sha.hex()) for sha in sorted(set(shas))]
    if faults:
        raise errors.InvalidBody(errors=faults)


async def _token(tx: AsyncSession, season_id: UUID, wanted: _Wanted, found: Amended) -> str:
    """A digest of what is wanted and what it comes to: the last seal covers the chain and all points."""
    last = (await tx.execute(sealing_queries.LAST, {"season_id": season_id})).one()
    shas = [[sha.hex() for sha in some] for some in (wanted.strike, wanted.take_back)]
    content = msgspec.json.encode([season_id, last.sha256.hex(), found.week, found.changes, *shas])
    return hashlib.sha256(content).hexdigest()[:32]
