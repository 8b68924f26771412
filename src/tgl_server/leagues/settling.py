"""Settling weeks: awards are given when weeks are sealed, or over in a season whose dates count as they are written.

All of a season's awards are decided anew each time, from rows that are stored, so any order leads to the same ones. It
happens under the lock of the season's row, before what was settled is sealed.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.awards import AwardName
from tgl_protocol.leagues import SeasonState
from tgl_server.leagues import awards_queries as queries
from tgl_server.leagues import matches_queries
from tgl_server.leagues.awarding import GLOBETROTTER_DAYS, Deeds, Entry, Given, awards_of
from tgl_server.leagues.matches import ranks_of
from tgl_server.leagues.playing import matches_of, play_matches
from tgl_server.leagues.rules import Dates
from tgl_server.leagues.terms import Reader, ScoredSeason


async def settle(
    tx: AsyncSession,
    season: ScoredSeason,
    settled: int,
    *,
    holds_matches: bool = False,
    struck: Collection[UUID] = (),
) -> None:
    """Give the awards of the first `settled` weeks of a season, and take back those that are no longer right.

    With `holds_matches` matches that were settled before keep their scores, but for those of `struck` players.
    """
    which = {"season_id": season.id}
    await play_matches(tx, season, settled, holds=holds_matches, struck=struck)
    if not season.rules.awards:
        return
    await _enter(tx, season)
    given = awards_of(season.rules, season.span, settled, await deeds_of(tx, season, settled))
    if set(given) == set(await awards_given(tx, season.id)):
        return
    await tx.execute(queries.FORGET, which)
    columns = {
        "name": [each.name for each in given],
        "week": [each.week for each in given],
        "player_id": [each.player for each in given],
        "value": [each.value for each in given],
    }
    await tx.execute(queries.GIVE, {**which, **columns})


async def settle_as_written(tx: AsyncSession, season: ScoredSeason) -> None:
    """Give the awards of weeks that are over, where dates count as they are written; others wait for the seal."""
    if season.rules.dates is Dates.AS_WRITTEN and not season.sealed:
        await settle(tx, season, season.settled)


async def entries_have_moved(tx: AsyncSession, season: ScoredSeason) -> bool:
    """True if somebody was claimed, retired, hid or came back since awards were given and matches played."""
    is_official = season.rules.dates is Dates.WITNESSED
    which = {"season_id": season.id}
    have_moved = await tx.scalar(queries.HAVE_MOVED, {**which, "is_official": is_official})
    return bool(have_moved or await tx.scalar(matches_queries.HAVE_MOVED, which))


async def awards_given(reader: Reader, season_id: UUID) -> list[Given]:
    """The awards that are stored."""
    rows = await reader.execute(queries.GIVEN, {"season_id": season_id})
    return [Given(AwardName(row.name), row.week, row.player_id, row.value) for row in rows]


async def entries_of(reader: Reader, season_id: UUID) -> dict[UUID, Entry]:
    """What the season knows of its players."""
    rows = await reader.execute(queries.ENTRIES, {"season_id": season_id})
    return {row.player_id: Entry(row.barred_from, row.earlier, tuple(row.last_weeks)) for row in rows}


async def deeds_of(reader: Reader, season: ScoredSeason, settled: int) -> Deeds:
    """What the awards of so many weeks are decided by, as it is stored."""
    which = {"season_id": season.id, "settled": settled}
    weeks: dict[UUID, list[int]] = {}
    for row in await reader.execute(queries.WEEKS, which):
        weeks.setdefault(row.player_id, [0] * settled)[row.week] = row.points
    asked = {**which, "first_day": season.span.first_day}
    repos = await reader.execute(queries.REPOS, {**asked, "days": GLOBETROTTER_DAYS})
    return Deeds(
        weeks,
        gardened=await _by_week(reader, queries.GARDENED, asked),
        partners=await _by_week(reader, queries.PARTNERS, asked),
        repos={row.player_id: row.value for row in repos},
        entries=await entries_of(reader, season.id),
        is_first_season=season.number == 1,
        matches=ranks_of(each.played for each in await matches_of(reader, season.id)),
    )


async def _by_week(reader: Reader, statement: TextClause, asked: Mapping[str, object]) -> dict[tuple[UUID, int], int]:
    return {(row.player_id, row.week): int(row.value) for row in await reader.execute(statement, asked)}


async def _enter(tx: AsyncSession, season: ScoredSeason) -> None:
    which = {"season_id": season.id}
    await tx.execute(queries.FORGET_ENTRIES, which)
    known = {
        "league_id": season.league_id,
        "number": season.number,
        "settled": season.settled,
        "is_official": season.rules.dates is Dates.WITNESSED,
        "is_closed": season.state is SeasonState.CLOSED,
    }
    await tx.execute(queries.ENTER, {**which, **known})
