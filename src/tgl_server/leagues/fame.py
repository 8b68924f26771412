"""Reading records and the hall of fame, as the caller is shown them."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.awards import Career, Record, RecordName, SeasonRecords
from tgl_server.auth.principal import Principal
from tgl_server.leagues import records_queries
from tgl_server.leagues.awarding import LEAST_PLAYERS
from tgl_server.leagues.reading import FoundSeason, name_of
from tgl_server.leagues.records import PlayedSeason, Reached, month_words, records_of
from tgl_server.leagues.rules import Provisional
from tgl_server.leagues.scoring import to_day

_MOST_CAREERS: Final = 10


async def season_records(connection: AsyncConnection, principal: Principal, season: FoundSeason) -> SeasonRecords:
    """The records of a season and of its league, and the hall of fame; three statements."""
    asked = {
        "league_id": season.league.id,
        "viewer": principal.user_id,
        "shows_provisional": season.rules.provisional is Provisional.SHOWN,
        "least_players": LEAST_PLAYERS,
    }
    rows = (await connection.execute(records_queries.WEEKS, asked)).mappings().all()
    titles = {row.player_id: row.titles for row in await connection.execute(records_queries.TITLES, asked)}
    won = (await connection.execute(records_queries.WINS, asked)).all()
    wins = [Reached(RecordName.LARGEST_WIN, row.player_id, row.value, row.number, row.week, row.week) for row in won]
    of_season = [row for row in rows if row["number"] == season.info.number]
    return SeasonRecords(
        season=_records(of_season, [win for win in wins if win.season == season.info.number], principal),
        league=_records(rows, wins, principal),
        hall_of_fame=_careers(rows, titles, principal),
    )


def _records(rows: Sequence[RowMapping], wins: Sequence[Reached], principal: Principal) -> list[Record]:
    people = {row["player_id"]: row for row in rows}
    first_days = {row["number"]: to_day(row["starts"]) for row in rows}
    seasons = [
        PlayedSeason(row["player_id"], row["number"], to_day(row["starts"]), row["weeks"], row["week_points"])
        for row in rows
    ]
    found = records_of(seasons, [win for win in wins if win.player in people])
    return [
        Record(
            name=each.name,
            value=each.value,
            evidence=_evidence(each, first_days[each.season]),
            season=each.season,
            player_id=each.player,
            player=name_of(people[each.player], principal),
            is_me=people[each.player]["is_me"],
        )
        for each in found
    ]


def _evidence(each: Reached, first_day: int) -> str:
    if each.name is RecordName.BEST_WEEK:
        return f"{each.value} points in week {each.first + 1}"
    if each.name is RecordName.BEST_MONTH:
        return f"{each.value} points in {month_words(first_day, each.first)}"
    if each.name is RecordName.LARGEST_WIN:
        return f"{each.value} points ahead in week {each.first + 1}"
    weeks = "1 active week" if each.value == 1 else f"{each.value} active weeks"
    return f"{weeks}, from week {each.first + 1} to week {each.last + 1}"


def _careers(rows: Iterable[RowMapping], titles: dict[UUID, int], principal: Principal) -> list[Career]:
    seasons: dict[UUID, list[RowMapping]] = {}
    for row in rows:
        if row["points"]:
            seasons.setdefault(row["player_id"], []).append(row)
    careers = [
        Career(
            player_id=player_id,
            player=name_of(own[0], principal),
            is_me=own[0]["is_me"],
            is_retired=own[0]["is_retired"],
            titles=titles.get(player_id, 0),
            points=sum(row["points"] for row in own),
            seasons=len(own),
        )
        for player_id, own in seasons.items()
    ]
    return sorted(careers, key=lambda each: (-each.titles, -each.points, each.player_id))[:_MOST_CAREERS]
