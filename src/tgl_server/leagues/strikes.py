"""Strikes: a commissioner says that a change does not count, with all its copies, and why; or takes that back."""

from typing import Final
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.league_changes import StrikeInfo
from tgl_protocol.leagues import SeasonState
from tgl_server import errors
from tgl_server.audit.service import Actor, record
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.models import Season
from tgl_server.leagues.scorer import decide
from tgl_server.leagues.sealing import Why, reseal
from tgl_server.leagues.seasons_queries import LOCK
from tgl_server.leagues.strikes_queries import CHANGES_OF, LIST, STRIKE, TAKE_BACK
from tgl_server.leagues.terms import Reader, load_season
from tgl_server.projects import names

_MOST_SHOWN: Final = 1000


async def strike(tx: AsyncSession, season: Season, sha: bytes, reason: str, by: Actor) -> None:
    """Strike the change of a commit in a season that runs; raises `NotFound` for a commit that it does not have."""
    names.refuse_faults({"reason": names.text_fault(reason)})
    await _lock(tx, season)
    if not (await tx.execute(CHANGES_OF, {"season_id": season.id, "sha": sha})).all():
        raise errors.NotFound(f"Season {season.number} has no commit {sha.hex()}.")
    row = {"season_id": season.id, "shas": [sha], "reason": reason, "struck_by": by.user_id}
    if await tx.scalar(STRIKE, row) is None:
        raise errors.Conflict("This commit is struck already.")
    await _decide(tx, season, [sha], Why(by, reason))
    await record(tx, by.did(LeagueAction.CHANGE_STRUCK, "season", season.id, sha=sha.hex(), reason=reason))


async def take_back(tx: AsyncSession, season: Season, sha: bytes, by: Actor) -> int:
    """Take back the strikes on the change of a commit; how many there were. Raises `NotFound` without one."""
    await _lock(tx, season)
    gone = list(await tx.scalars(TAKE_BACK, {"season_id": season.id, "shas": [sha]}))
    if not gone:
        raise errors.NotFound(f"The change of {sha.hex()} is not struck in season {season.number}.")
    await _decide(tx, season, [sha, *gone], Why(by, f"The strike on {sha.hex()} was taken back"))
    await record(tx, by.did(LeagueAction.STRIKE_TAKEN_BACK, "season", season.id, sha=sha.hex(), strikes=len(gone)))
    return len(gone)


async def list_strikes(reader: Reader, season_id: UUID) -> list[StrikeInfo]:
    """The strikes of a season, the newest first."""
    rows = (await reader.execute(LIST, {"season_id": season_id, "limit": _MOST_SHOWN})).mappings()
    return [StrikeInfo(**row) for row in rows]


async def _lock(tx: AsyncSession, season: Season) -> None:
    state = SeasonState(await tx.scalar(LOCK, {"season_id": season.id}))
    if state is SeasonState.CLOSED:
        raise errors.Conflict(f"Season {season.number} is closed; an amendment with its reason changes it.")
    if state is SeasonState.DRAFT:
        raise errors.Conflict(f"Season {season.number} is not open yet: no change counts in it.")


async def _decide(tx: AsyncSession, season: Season, shas: list[bytes], why: Why) -> None:
    touched = {
        (row.player_id, row.change)
        for sha in shas
        for row in await tx.execute(CHANGES_OF, {"season_id": season.id, "sha": sha})
    }
    if touched:
        scored = await load_season(tx, season.id)
        await decide(tx, scored, touched)
        await reseal(tx, scored, replace(why, struck=frozenset(player for player, _ in touched)))
