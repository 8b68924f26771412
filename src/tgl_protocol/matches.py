"""Match weeks of a league: who plays whom, what came of it, and the table of matches."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about
from tgl_protocol.leagues import SeasonInfo


class MatchResult(StrEnum):
    """What came of a match.

    `nothing`: neither had points, and neither gets any. `bye`: there is no opponent in that week. `void`: the opponent
    takes no part.
    """

    HOME = "home"
    AWAY = "away"
    DRAW = "draw"
    NOTHING = "nothing"
    BYE = "bye"
    VOID = "void"


class Match(Struct, frozen=True, kw_only=True):
    """A match of a week; without an opponent who is shown it is a bye."""

    week: Annotated[int, about("The week of the season, from 1")]
    home_id: Annotated[UUID, about("The player's id")]
    home: Annotated[str, about("The name that the caller is shown")]
    away_id: Annotated[UUID | None, about("The opponent's id; null for a bye")]
    away: Annotated[str | None, about("The opponent's name that the caller is shown; null for a bye")]
    home_score: Annotated[int | None, about("The player's points of the week; null until the week is settled")]
    away_score: Annotated[int | None, about("The opponent's points of the week")]
    result: Annotated[MatchResult | None, about("What came of it; null until the week is settled")]
    is_mine: Annotated[bool, about("True for a match of the caller")]


class MatchPlace(Struct, frozen=True, kw_only=True):
    """A place in the table of matches; equal players share a rank."""

    rank: Annotated[int, about("The rank; equal players share it")]
    is_tied: Annotated[bool, about("True if others have the same rank")]
    player_id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("The name that the caller is shown")]
    is_me: Annotated[bool, about("True for the caller's own place")]
    won: Annotated[int, about("Matches won")]
    drawn: Annotated[int, about("Matches drawn")]
    lost: Annotated[int, about("Matches lost")]
    median_points: Annotated[int, about("Points of the games against the median of each week")]
    points: Annotated[int, about("Points: 3 for a win and 1 for a draw, in matches and against the median")]
    difference: Annotated[int, about("Points of weeks in matches, less those of the opponents")]
    scored: Annotated[int, about("Points of weeks in matches")]


class FixtureList(Struct, frozen=True, kw_only=True):
    """The matches of a season, and the table of those that were played."""

    season: Annotated[SeasonInfo, about("The season")]
    table: Annotated[list[MatchPlace], about("The table, the first rank first; of long ones as much as the rules show")]
    matches: Annotated[list[Match], about("The matches by week, the first week first")]
