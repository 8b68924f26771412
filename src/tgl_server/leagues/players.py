"""Reading one player of a season: points by week and day, and how a day came by them."""

from datetime import date, timedelta
from statistics import median_low
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.league_players import (
    DayCommit,
    DayExplained,
    LeaguePlayer,
    PlayerDay,
    PlayerDays,
    PlayerTotals,
    PlayerWeek,
)
from tgl_protocol.leagues import VERDICT_SENTENCES
from tgl_protocol.players import PlayerState
from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.leagues import players_queries
from tgl_server.leagues.awards import player_awards
from tgl_server.leagues.counted import kept_days, kept_week_places
from tgl_server.leagues.models import VERDICTS
from tgl_server.leagues.reading import FoundSeason, name_of
from tgl_server.leagues.rules import Provisional
from tgl_server.leagues.scoring import DaySum, day_points, to_date, to_day
from tgl_server.leagues.tables import place_of, ranks_before

NO_PLAYER = "There is no player of this league that you may see."


class PlayerSeason(Struct, frozen=True):
    """A player in a season, their days, the newest first, and whether they show a badge."""

    player: LeaguePlayer
    days: list[PlayerDay]
    has_badge: bool


async def player_in_season(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, player_id: UUID
) -> LeaguePlayer:
    """A player in a season; four statements. Raises `NotFound` for one that the caller may not see, too."""
    return (await player_with_days(connection, principal, season, player_id)).player


async def player_with_days(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, player_id: UUID
) -> PlayerSeason:
    """A player in a season, and their days, the newest first; four statements. Raises `NotFound`."""
    row = await _player(connection, principal, season, player_id)
    days = await _days(connection, season, player_id)
    has_place = row["rank"] is not None
    before = await ranks_before(connection, season) if has_place else {}
    weeks = _weeks(season, row["week_points"] if has_place else [0] * season.info.begun, days)
    scored = [week.points for week in weeks if week.points]
    player = LeaguePlayer(
        player_id=player_id,
        name=name_of(row, principal),
        is_me=row["is_me"],
        is_provisional=row["state"] == PlayerState.PROVISIONAL,
        season=season.info,
        place=place_of(row, principal, before) if has_place else None,
        median_week=median_low(scored) if scored else None,
        weeks=weeks,
        totals=PlayerTotals(**{name: row[name] for name in PlayerTotals.__struct_fields__}),
        awards=await player_awards(connection, principal, season, player_id),
    )
    return PlayerSeason(player, days, row["has_badge"])


async def player_days(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, player_id: UUID
) -> PlayerDays:
    """The days of a player in a season; two statements. Raises `NotFound`."""
    await _player(connection, principal, season, player_id)
    return PlayerDays(season.info, await _days(connection, season, player_id))


async def explain_day(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, player_id: UUID, day: date
) -> DayExplained:
    """How a day came by its points; three statements. Raises `NotFound` for a day without a commit of the season."""
    row = await _player(connection, principal, season, player_id)
    week = season.first_day + 7 * ((to_day(day) - season.first_day) // 7)
    days = await _days(connection, season, player_id, (week, week + 6))
    whose = {"user_id": principal.user_id, "is_commissioner": principal.is_commissioner}
    asked = {"season_id": season.id, "player_id": player_id, "day": to_day(day), **whose}
    found = (await connection.execute(players_queries.COMMITS, asked)).mappings().all()
    if not found:
        raise errors.NotFound(f"No commit of season {season.info.number} is on this day.")
    nothing = _player_day(season, {"day": to_day(day), "points": 0, "changes": 0, "value": 0}, set())
    the_day = next((each for each in days if each.day == day), nothing)
    total = DaySum(the_day.changes, the_day.value)
    lines = day_points(season.rules, DaySum(0, total.value))
    return DayExplained(
        season=season.info,
        player_id=player_id,
        name=name_of(row, principal),
        day=the_day,
        line_points=lines,
        change_points=the_day.points - lines,
        sentence=day_sentence(the_day, lines, season.rules.best_days),
        commits=[_commit(each) for each in found if each["is_readable"]],
        elsewhere=sum(not each["is_readable"] for each in found),
    )


def day_sentence(day: PlayerDay, line_points: int, best_days: int) -> str:
    """How a day's points add up, in a sentence."""
    if not day.changes and not day.value:
        return "Nothing of this day counts."
    lines = "1 line is" if day.value == 1 else f"{day.value} lines are"
    changes = "1 change" if day.changes == 1 else f"{day.changes} changes"
    kept = "is among" if day.is_kept else "is not among"
    return (
        f"{lines} worth {line_points}, and {changes} {day.points - line_points}: together {day.points} points. "
        f"The day {kept} the best {best_days} of its week."
    )


async def _player(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, player_id: UUID
) -> RowMapping:
    asked = {
        "season_id": season.id,
        "league_id": season.league.id,
        "player_id": player_id,
        "viewer": principal.user_id,
        "shows_provisional": season.rules.provisional is Provisional.SHOWN,
    }
    row = (await connection.execute(players_queries.PLAYER, asked)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound(NO_PLAYER)
    return row


async def _days(
    connection: AsyncConnection, season: FoundSeason, player_id: UUID, between: tuple[int, int] | None = None
) -> list[PlayerDay]:
    first, last = between or (None, None)
    asked = {"season_id": season.id, "player_id": player_id, "first": first, "last": last}
    rows = (await connection.execute(players_queries.DAYS, asked)).mappings().all()
    kept = kept_days(season.rules, {row["day"]: (DaySum(row["changes"], row["value"]), row["points"]) for row in rows})
    return [_player_day(season, row, kept) for row in rows]


def _player_day(season: FoundSeason, row: RowMapping | dict[str, Any], kept: set[int]) -> PlayerDay:
    return PlayerDay(
        day=to_date(row["day"]),
        week=(row["day"] - season.first_day) // 7 + 1,
        points=row["points"],
        changes=row["changes"],
        value=row["value"],
        is_kept=row["day"] in kept,
    )


def _weeks(season: FoundSeason, points: list[int], days: list[PlayerDay]) -> list[PlayerWeek]:
    kept = kept_week_places(season.rules, season.info.weeks, points)
    of_week: dict[int, list[PlayerDay]] = {}
    for day in days:
        of_week.setdefault(day.week, []).append(day)
    return [
        PlayerWeek(
            week=place + 1,
            starts=season.info.starts + timedelta(weeks=place),
            points=each,
            days=len(of_week.get(place + 1, ())),
            changes=sum(day.changes for day in of_week.get(place + 1, ())),
            value=sum(day.value for day in of_week.get(place + 1, ())),
            is_kept=place in kept,
        )
        for place, each in enumerate(points)
    ]


def _commit(row: RowMapping) -> DayCommit:
    verdict = VERDICTS[row["verdict"]]
    plain = "project", "repo", "additions", "deletions", "value", "arrived_at"
    return DayCommit(
        **{name: row[name] for name in plain},
        sha=row["sha"].hex(),
        verdict=verdict,
        sentence=VERDICT_SENTENCES[verdict],
    )
