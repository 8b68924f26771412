"""Reading the matches of a season and their table, as the caller is shown them: who hides is nobody's opponent."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.matches import FixtureList, Match, MatchPlace, MatchResult
from tgl_server.auth.principal import Principal
from tgl_server.leagues import matches_queries
from tgl_server.leagues.matches import Line, match_table
from tgl_server.leagues.playing import Stored, matches_of
from tgl_server.leagues.reading import FoundSeason, name_of
from tgl_server.leagues.rules import Board, Provisional

#: As in the table of the season: places that everybody is shown, and those on either side of the reader's own.
_TOP: Final = 10
_AROUND: Final = 2

_People = Mapping[UUID, RowMapping]


async def season_fixtures(connection: AsyncConnection, principal: Principal, season: FoundSeason) -> FixtureList:
    """The matches of a season, and their table; two statements."""
    asked = {
        "season_id": season.id,
        "viewer": principal.user_id,
        "shows_provisional": season.rules.provisional is Provisional.SHOWN,
    }
    rows = (await connection.execute(matches_queries.SHOWN, asked)).mappings()
    people = {row["player_id"]: row for row in rows}
    stored = await matches_of(connection, season.id)
    lines = [line for line in match_table(each.played for each in stored if each.played) if line.entrant in people]
    places = [_place(line, people, principal) for line in _cut(season, lines, people)]
    matches = [match for each in stored if (match := _match(each, people, principal))]
    return FixtureList(season=season.info, table=places, matches=matches)


def _cut(season: FoundSeason, lines: Sequence[Line], people: _People) -> Sequence[Line]:
    """As much of the table as the rules show."""
    if season.rules.board is Board.ALL:
        return lines
    own = next((place for place, line in enumerate(lines) if people[line.entrant]["is_me"]), None)
    return [
        line
        for place, line in enumerate(lines)
        if line.rank <= _TOP or (own is not None and abs(place - own) <= _AROUND)
    ]


def _place(line: Line, people: _People, principal: Principal) -> MatchPlace:
    person = people[line.entrant]
    names = "rank", "is_tied", "won", "drawn", "lost", "median_points", "points", "difference", "scored"
    return MatchPlace(
        **{name: getattr(line, name) for name in names},
        player_id=line.entrant,
        name=name_of(person, principal),
        is_me=person["is_me"],
    )


def _match(each: Stored, people: _People, principal: Principal) -> Match | None:
    """A match, or the bye of whoever is shown of the two; None if neither is."""
    played = each.played
    sides = [
        (each.pair.home, played.home_score if played else None),
        (each.pair.away, played.away_score if played else None),
    ]
    shown = [(people[side], score) for side, score in sides if side is not None and side in people]
    if not shown:
        return None
    (home, home_score), *others = shown
    away, away_score = others[0] if others else (None, None)
    result = played.result if played else None
    if result is not None and away is None:
        result = MatchResult.BYE
    return Match(
        week=each.pair.week + 1,
        home_id=home["player_id"],
        home=name_of(home, principal),
        away_id=away["player_id"] if away else None,
        away=name_of(away, principal) if away else None,
        home_score=home_score,
        away_score=away_score,
        result=result,
        is_mine=any(person["is_me"] for person, _ in shown),
    )
