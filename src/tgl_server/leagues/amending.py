"""Amending a closed season: strikes, and identities that have moved since; first as a preview, then exactly that.

A closed season is amended from its ledger, as its repositories may be gone. Who played and what was a bot stays as it
was when it closed.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.leagues import SeasonState
from tgl_protocol.problem import FieldError
from tgl_protocol.seals import Amendment, AmendmentWish
from tgl_server import errors
from tgl_server.audit.service import Actor
from tgl_server.leagues import queries, sealing_queries
from tgl_server.leagues.chain import named
from tgl_server.leagues.models import Season
from tgl_server.leagues.naming import names_of_players
from tgl_server.leagues.scorer import score_players
from tgl_server.leagues.sealing import Amended, Why, reseal
from tgl_server.leagues.sharing import delete_loose
from tgl_server.leagues.terms import ScoredSeason, load_season
from tgl_server.projects import names

_LOCK = text("SELECT state FROM seasons WHERE id = :season_id FOR NO KEY UPDATE")

_MOVED = text("""
    SELECT DISTINCT l.identity_id, l.player_id, i.player_id AS now
    FROM ledger l JOIN identities i ON i.id = l.identity_id
    WHERE l.season_id = :season_id AND i.player_id <> l.player_id
""")

_MOVE = text("""
    UPDATE ledger l SET player_id = i.player_id, is_sealed = false, verdict = own, change = sha
    FROM identities i
    WHERE l.season_id = :season_id AND l.identity_id = ANY(CAST(:identity_ids AS uuid[])) AND i.id = l.identity_id
      AND i.player_id <> l.player_id
""")

_MOVE_AUTHORS = text("""
    UPDATE season_authors a SET player_id = i.player_id FROM identities i
    WHERE a.season_id = :season_id AND i.id = a.identity_id AND i.player_id <> a.player_id
""")

# A co-author is a player in the row of the change; whoever is in it already, or has written it, is no second one.
_MOVE_SHARERS = text("""
    UPDATE ledger l SET is_sealed = false, sharers = CASE
        WHEN m.now = ANY(l.sharers) OR m.now = l.player_id THEN array_remove(l.sharers, m.before)
        ELSE array_replace(l.sharers, m.before, m.now) END
    FROM ledger_named n
    JOIN (
        SELECT DISTINCT a.identity_id, a.player_id AS before, i.player_id AS now
        FROM season_authors a JOIN identities i ON i.id = a.identity_id
        WHERE a.season_id = :season_id AND i.player_id <> a.player_id
    ) m ON m.identity_id = n.identity_id
    WHERE n.season_id = :season_id AND l.season_id = n.season_id AND l.repo_id = n.repo_id AND l.sha = n.sha
      AND m.before = ANY(l.sharers)
    RETURNING l.player_id, m.before, m.now
""")

_COPIES = text("""
    SELECT DISTINCT l.player_id, l.sha FROM ledger o
    JOIN ledger l ON l.season_id = o.season_id AND l.player_id = o.player_id AND l.change = o.change
    WHERE o.season_id = :season_id AND o.sha = ANY(CAST(:shas AS bytea[]))
""")

_STRIKE = text("""
    INSERT INTO strikes (season_id, sha, reason, struck_by)
    SELECT CAST(:season_id AS uuid), g.sha, :reason, CAST(:struck_by AS uuid)
    FROM unnest(CAST(:shas AS bytea[])) AS g (sha) ORDER BY g.sha
    ON CONFLICT (season_id, sha) DO NOTHING
""")

_TAKE_BACK = text("DELETE FROM strikes WHERE season_id = :season_id AND sha = ANY(CAST(:shas AS bytea[]))")


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
    state = SeasonState(await tx.scalar(_LOCK, {"season_id": season.id}))
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
    players = await _move(tx, season) | await _move_sharers(tx, season) | await _strike(tx, season, wanted, why)
    await tx.execute(_MOVE_AUTHORS, {"season_id": season.id})
    players |= await delete_loose(tx, season.id)
    await score_players(tx, season, players)
    found = await reseal(tx, season, why, is_closed=True)
    if found is None:
        raise errors.Conflict("Nothing would change: no identity has moved, and no change of a sealed week is struck.")
    return found


async def _move(tx: AsyncSession, season: ScoredSeason) -> set[UUID]:
    """Give rows of the ledger to the players that their identities belong to now; the players concerned."""
    which = {"season_id": season.id}
    moved = (await tx.execute(_MOVED, which)).all()
    if not moved:
        return set()
    identities = sorted({row.identity_id for row in moved})
    given = {**which, "identity_ids": identities, "player_ids": sorted({row.player_id for row in moved})}
    await tx.execute(queries.SPREAD_STRIKES, which)
    await tx.execute(queries.UNSEAL_OF_IDENTITIES, given)
    await tx.execute(_MOVE, given)
    return {row.player_id for row in moved} | {row.now for row in moved}


async def _move_sharers(tx: AsyncSession, season: ScoredSeason) -> set[UUID]:
    """Give the parts of co-authors to the players that these are now; the players concerned."""
    rows = await tx.execute(_MOVE_SHARERS, {"season_id": season.id})
    return {player for row in rows for player in (row.player_id, row.before, row.now)}


async def _strike(tx: AsyncSession, season: ScoredSeason, wanted: _Wanted, why: Why) -> set[UUID]:
    """Store strikes and take others back, on all copies of their changes; the players concerned."""
    which = {"season_id": season.id}
    struck = await _copies(tx, season.id, wanted.strike)
    freed = await _copies(tx, season.id, wanted.take_back)
    unknown = {*wanted.strike, *wanted.take_back} - {sha for _, sha in struck + freed}
    if unknown:
        reasons = [FieldError("The season has no such commit", sha=sha.hex()) for sha in sorted(unknown)]
        raise errors.InvalidBody(errors=reasons)
    row = {**which, "shas": wanted.strike, "reason": why.reason, "struck_by": why.by.user_id}
    await tx.execute(_STRIKE, row)
    await tx.execute(_TAKE_BACK, {**which, "shas": sorted({sha for _, sha in freed})})
    return {player for player, _ in struck + freed}


async def _copies(tx: AsyncSession, season_id: UUID, shas: Sequence[bytes]) -> list[tuple[UUID, bytes]]:
    rows = await tx.execute(_COPIES, {"season_id": season_id, "shas": list(shas)})
    return [(row.player_id, row.sha) for row in rows]


async def _token(tx: AsyncSession, season_id: UUID, wanted: _Wanted, found: Amended) -> str:
    """A digest of what is wanted and what it comes to: the last seal covers the chain and all points."""
    last = (await tx.execute(sealing_queries.LAST, {"season_id": season_id})).one()
    shas = [[sha.hex() for sha in some] for some in (wanted.strike, wanted.take_back)]
    content = msgspec.json.encode([season_id, last.sha256.hex(), found.week, found.changes, *shas])
    return hashlib.sha256(content).hexdigest()[:32]
