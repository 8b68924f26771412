"""Reading the tables of seasons and of weeks: as far as the scorer has come, and as much as the rules show."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.league_players import WeekPlace, WeekTable
from tgl_protocol.leagues import Place, SeasonTable
from tgl_protocol.players import PlayerState
from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.http.pagination import cut_page, decode_cursor
from tgl_server.leagues import tables_queries
from tgl_server.leagues.awards import week_awards
from tgl_server.leagues.reading import FoundSeason, name_of
from tgl_server.leagues.rules import Board, Provisional
from tgl_server.leagues.scoring import ranked

#: The most places in a file.
MOST_ROWS: Final = 10_000
_Rank = Annotated[int, Meta(ge=0, le=2**31 - 1)]


def check_cursor(cursor: str | None) -> None:
    """Raises what a text is refused with that is no cursor of a table."""
    _place_after(cursor)


def _place_after(cursor: str | None) -> tuple[int | None, UUID | None]:
    return decode_cursor(cursor, tuple[_Rank, UUID]) if cursor else (None, None)


async def table_of(
    connection: AsyncConnection,
    principal: Principal,
    season: FoundSeason,
    *,
    limit: int = MOST_ROWS,
    cursor: str | None = None,
    around_me: bool = False,
) -> SeasonTable:
    """A page of the table of a season that was found; two statements."""
    rank, player_id = _place_after(cursor)
    after = {"rank": rank, "player_id": player_id, "limit": limit + 1, "around_me": around_me}
    asked = {**_shown(principal, season), **after}
    rows = (await connection.execute(tables_queries.TABLE, asked)).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row["rank"], row["player_id"]))
    players = rows[0]["players"] if rows else 0
    before = await ranks_before(connection, season)
    return SeasonTable(season.info, [place_of(row, principal, before) for row in page], next_cursor, players)


async def week_table(connection: AsyncConnection, principal: Principal, season: FoundSeason, week: int) -> WeekTable:
    """The table of a week of a season, which is counted from 1; raises `NotFound` for one that has not begun."""
    if not 1 <= week <= season.info.begun:
        raise errors.NotFound(f"Season {season.info.number} has no week {week} yet.")
    asked = {**_shown(principal, season), "week": week - 1}
    nothing = {"rank": None, "player_id": None, "limit": MOST_ROWS, "around_me": False}
    rows = (await connection.execute(tables_queries.WEEK, {**asked, **nothing})).mappings().all()
    closing = {"season_id": season.id, "week": week - 1}
    closes = (await connection.execute(tables_queries.WEEK_CLOSES, closing)).mappings().one_or_none()
    starts = season.info.starts + timedelta(weeks=week - 1)
    return WeekTable(
        season=season.info,
        week=week,
        starts=starts,
        ends=starts + timedelta(days=6),
        closes_at=closes["closes_at"] if closes else None,
        is_closed=bool(closes and closes["is_closed"]),
        players=rows[0]["players"] if rows else 0,
        items=[_week_place(row, principal) for row in rows],
        awards=await week_awards(connection, principal, season, week),
    )


async def ranks_before(connection: AsyncConnection, season: FoundSeason) -> dict[UUID, int]:
    """Everybody's rank when the running week began, by the formula of ranks; without those who had no points then."""
    before = season.info.begun - 1
    if before < 1:
        return {}
    rows = await connection.execute(tables_queries.WEEK_POINTS, {"season_id": season.id})
    points = {row.player_id: row.week_points[:before] for row in rows}
    return {place.player: place.rank for place in ranked(season.rules, season.info.weeks, points) if place.points}


def place_of(row: RowMapping, principal: Principal, before: Mapping[UUID, int]) -> Place:
    """A row of the table as the caller is shown it."""
    names = "rank", "is_tied", "player_id", "points", "week_points", "weeks", "days", "best_week", "is_me"
    rank = before.get(row["player_id"])
    return Place(
        **{name: row[name] for name in names},
        name=name_of(row, principal),
        is_provisional=row["state"] == PlayerState.PROVISIONAL,
        change=None if rank is None else rank - row["rank"],
    )


def _week_place(row: RowMapping, principal: Principal) -> WeekPlace:
    names = "rank", "is_tied", "player_id", "is_me", "points", "days", "changes", "value"
    is_provisional = row["state"] == PlayerState.PROVISIONAL
    return WeekPlace(**{name: row[name] for name in names}, name=name_of(row, principal), is_provisional=is_provisional)


def _shown(principal: Principal, season: FoundSeason) -> dict[str, Any]:
    """Whom the caller is shown of a season."""
    return {
        "season_id": season.id,
        "viewer": principal.user_id,
        "shows_provisional": season.rules.provisional is Provisional.SHOWN,
        "is_cut": season.rules.board is Board.TOP_AND_ME,
    }
