"""Seasons: planning, opening and closing them, and what the passing of time changes."""

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.leagues import SeasonState
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.db.engine import Database
from tgl_server.db.rows import Rows
from tgl_server.followers.service import hold_mark
from tgl_server.leagues import totals_queries
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.follower import LEAGUES, NAME
from tgl_server.leagues.models import LeagueRepo, Season
from tgl_server.leagues.playing import draw_matches
from tgl_server.leagues.queries import FIX_COUNTING
from tgl_server.leagues.rescoring import credit_anew, score_season
from tgl_server.leagues.rules import LEAST_WEEKS, MOST_WEEKS, Dates
from tgl_server.leagues.scorer import place
from tgl_server.leagues.scoring import day_of, span_of
from tgl_server.leagues.sealing import SETTLING_SECONDS, Why, reseal, seal_all, seal_due
from tgl_server.leagues.seasons_queries import (
    ADD_WEEKS,
    IS_BEHIND,
    LAST_NUMBER,
    LOCK,
    OVERLAPPING,
    SCORED,
    SET_STATE,
    TAKE,
)
from tgl_server.leagues.service import LeagueRepos, get_league, last_rules, load_rules, lock_league
from tgl_server.leagues.settling import entries_have_moved, settle_as_written
from tgl_server.leagues.terms import ScoredSeason, load_season, second_of
from tgl_server.projects import names

_WEEKS_OF_SEASON: Final = f"Expected {LEAST_WEEKS} to {MOST_WEEKS} weeks"


class Seasons(Rows[Season]):
    """The rows of `seasons`."""

    model_type = Season


async def create_season(
    tx: AsyncSession,
    league_id: UUID,
    starts: date,
    weeks: int,
    by: Actor,
    *,
    name: str = "",
    version: int | None = None,
) -> Season:
    """Plan a season, of the newest rules unless a version is given; raises `Conflict` if it overlaps another."""
    faults = {
        "starts": "Expected a Monday" if starts.weekday() else None,
        "weeks": None if LEAST_WEEKS <= weeks <= MOST_WEEKS else _WEEKS_OF_SEASON,
        "name": names.line_fault(name) if name else None,
    }
    names.refuse_faults(faults)
    await lock_league(tx, league_id)
    other = await tx.scalar(OVERLAPPING, {"league_id": league_id, "starts": starts, "weeks": weeks})
    if other is not None:
        raise errors.Conflict(f"Season {other} is at that time; seasons of a league do not overlap.")
    number: int = await tx.scalar(LAST_NUMBER, {"league_id": league_id}) + 1
    rules_version = version if version is not None else await last_rules(tx, league_id)
    await load_rules(tx, league_id, rules_version)
    row = Season(
        league_id=league_id,
        number=number,
        name=name or f"Season {number}",
        starts=starts,
        weeks=weeks,
        rules_version=rules_version,
    )
    season = await Seasons(session=tx).add(row)
    details = {"number": number, "starts": starts.isoformat(), "weeks": weeks, "rules_version": rules_version}
    await record(tx, by.did(LeagueAction.SEASON_CREATED, "season", season.id, **details))
    return season


async def open_season(tx: AsyncSession, season_id: UUID, by: Actor, now: datetime | None = None) -> None:
    """Open a planned season: from now on its rules do not change. All stored commits are scored.

    The marks are held, so that the scorer does not pass commits that are stored meanwhile and would not be read.
    """
    season = await _find(tx, season_id)
    await lock_league(tx, season.league_id)
    rows = await LeagueRepos(session=tx).get_many(LeagueRepo.league_id == season.league_id)
    if not rows:
        raise errors.Conflict("The league has no repository yet.")
    for repo_id in sorted(row.repo_id for row in rows):
        await hold_mark(tx, RepoId(repo_id), LEAGUES)
    await _lock(tx, season, SeasonState.DRAFT)
    rules = await load_rules(tx, season.league_id, season.rules_version)
    span = span_of(rules, season.starts, season.weeks)
    closes = [datetime.fromtimestamp(second, UTC) for second in span.closes]
    weeks = {"season_id": season_id, "week": list(range(season.weeks)), "closes_at": closes}
    await tx.execute(ADD_WEEKS, weeks)
    moment = now or datetime.now(UTC)
    season.begun = span.begun(second_of(moment), rules.day_offset_minutes)
    season.state, season.opened_at = SeasonState.OPEN, moment
    await tx.flush()
    await tx.execute(FIX_COUNTING, {"season_id": season_id})
    scored = await load_season(tx, season_id)
    await score_season(tx, scored)
    await draw_matches(tx, scored)
    await settle_as_written(tx, scored)
    await record(tx, by.did(LeagueAction.SEASON_OPENED, "season", season_id, number=season.number))


async def close_season(tx: AsyncSession, season_id: UUID, by: Actor, now: datetime | None = None) -> None:
    """Close a season for good; one whose dates are witnessed not before its last week is closed."""
    season = await _find(tx, season_id)
    await _lock(tx, season, SeasonState.OPEN, SeasonState.CLOSING)
    scored = await load_season(tx, season_id)
    second = second_of(now or datetime.now(UTC))
    if scored.rules.dates is Dates.WITNESSED and second < scored.span.closes[-1]:
        last = datetime.fromtimestamp(scored.span.closes[-1], UTC)
        raise errors.Conflict(f"The season's last week closes on {last:%-d %b %Y at %H:%M} UTC.")
    if await _is_behind(tx, scored):
        raise errors.Conflict("The scorer has not read all commits yet; try again soon.")
    await _close(tx, season_id, by)


async def keep_seasons(database: Database, now: datetime | None = None) -> None:
    """Do in all open seasons what time and people bring about: new weeks, the end, and changes of identities."""
    async with database.statements() as connection:
        season_ids = list(await connection.scalars(SCORED))
    for season_id in season_ids:
        async with database.transaction() as tx:
            if await tx.scalar(TAKE, {"season_id": season_id}) is not None:
                await _keep(tx, await load_season(tx, season_id), second_of(now or datetime.now(UTC)))


async def _keep(tx: AsyncSession, season: ScoredSeason, second: int) -> None:
    offset = season.rules.day_offset_minutes
    begun = season.span.begun(second, offset)
    if begun > season.begun:
        await tx.execute(totals_queries.BEGIN_WEEKS, {"season_id": season.id, "begun": begun})
        season = await load_season(tx, season.id)
        players = await tx.scalars(totals_queries.PLAYERS_WITH_WEEKS, {"season_id": season.id})
        await place(tx, season, list(players))
        await settle_as_written(tx, season)
    await credit_anew(tx, season)
    if await entries_have_moved(tx, season):
        await reseal(tx, season, Why(reason="Somebody was claimed, has retired, hides or has come back"))
    is_behind = await _is_behind(tx, season)
    if not is_behind:
        await seal_due(tx, season, second)
    if season.state is SeasonState.OPEN and day_of(second, offset) > season.span.last_day:
        await tx.execute(SET_STATE, {"season_id": season.id, "state": SeasonState.CLOSING})
        await settle_as_written(tx, await load_season(tx, season.id))
    # What is dated as it is written has no end by itself: somebody may push more of the same history.
    is_over = season.rules.dates is Dates.WITNESSED and second >= season.span.closes[-1] + SETTLING_SECONDS
    if is_over and not is_behind:
        await _close(tx, season.id, Actor())


async def _close(tx: AsyncSession, season_id: UUID, by: Actor) -> None:
    await seal_all(tx, await load_season(tx, season_id))
    await tx.execute(SET_STATE, {"season_id": season_id, "state": SeasonState.CLOSED})
    await record(tx, by.did(LeagueAction.SEASON_CLOSED, "season", season_id))


async def season_of(tx: AsyncSession, slug: str, number: int) -> Season:
    """A season by its number and the slug of its league; raises `NotFound`."""
    return await find_season(tx, (await get_league(tx, slug)).id, number)


async def find_season(tx: AsyncSession, league_id: UUID, number: int) -> Season:
    """A season by its number in the league; raises `NotFound`."""
    season = await Seasons(session=tx).get_one_or_none(league_id=league_id, number=number)
    if season is None:
        raise errors.NotFound(f"The league has no season {number}.")
    return season


async def _find(tx: AsyncSession, season_id: UUID) -> Season:
    season = await Seasons(session=tx).get_one_or_none(id=season_id)
    if season is None:
        raise errors.NotFound("There is no such season.")
    return season


async def _lock(tx: AsyncSession, season: Season, *wanted: SeasonState) -> None:
    """Lock the season's row; raises `Conflict` unless it is in one of these states."""
    state = SeasonState(await tx.scalar(LOCK, {"season_id": season.id}))
    if state not in wanted:
        raise errors.Conflict(f"Season {season.number} is {state}, not {' or '.join(wanted)}.")


async def _is_behind(tx: AsyncSession, season: ScoredSeason) -> bool:
    which = {"follower": NAME, "repo_ids": list(season.repos)}
    return bool(await tx.scalar(IS_BEHIND, which))
