"""Awards and records of a league: what is given at the end of weeks, months and seasons, and to whom."""

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about


class AwardPeriod(StrEnum):
    """What an award is given for."""

    WEEK = "week"
    MONTH = "month"
    SEASON = "season"


class AwardName(StrEnum):
    """An award that a league may give."""

    PLAYER_OF_THE_WEEK = "player_of_the_week"
    DEBUT = "debut"
    GARDENER = "gardener"
    PLAYMAKER = "playmaker"
    PLAYER_OF_THE_MONTH = "player_of_the_month"
    CHAMPION = "champion"
    IRON = "iron"
    ROOKIE = "rookie"
    MOST_IMPROVED = "most_improved"
    GLOBETROTTER = "globetrotter"
    COMEBACK = "comeback"
    MATCH_CHAMPION = "match_champion"

    @property
    def period(self) -> AwardPeriod:
        """What it is given for."""
        return AWARDS[self][0]

    @property
    def words(self) -> str:
        """Its name for people."""
        return AWARDS[self][1]

    @property
    def sentence(self) -> str:
        """Who gets it, in a sentence."""
        return AWARDS[self][2]


_WEEK, _MONTH, _SEASON = AwardPeriod.WEEK, AwardPeriod.MONTH, AwardPeriod.SEASON

#: What each is given for, its title, and who gets it.
AWARDS: Final[dict[AwardName, tuple[AwardPeriod, str, str]]] = {
    AwardName.PLAYER_OF_THE_WEEK: (_WEEK, "Player of the week", "The most points in a week."),
    AwardName.DEBUT: (
        _WEEK,
        "Debut of the week",
        "The most points in a first week with points in the league; none in the first week of its first season.",
    ),
    AwardName.GARDENER: (
        _WEEK,
        "Gardener of the week",
        "The most lines deleted beyond those added in a week, of each change that counts no more than its lines count.",
    ),
    AwardName.PLAYMAKER: (
        _WEEK,
        "Playmaker of the week",
        "The most different co-authors who share the lines of one's changes in a week.",
    ),
    AwardName.PLAYER_OF_THE_MONTH: (
        _MONTH,
        "Player of the month",
        "The most points in the weeks whose Thursday lies in a month.",
    ),
    AwardName.CHAMPION: (_SEASON, "Champion", "The first rank of the season."),
    AwardName.IRON: (_SEASON, "Iron player", "The most weeks with points in a season."),
    AwardName.ROOKIE: (
        _SEASON,
        "Rookie of the season",
        "The best four weeks of those whose first season in the league it is; none in the league's first season.",
    ),
    AwardName.MOST_IMPROVED: (
        _SEASON,
        "Most improved",
        "The median week with points grew most since the season before, with six such weeks or more in both.",
    ),
    AwardName.GLOBETROTTER: (
        _SEASON,
        "Globetrotter",
        "The most repositories with changes that count on three days or more, at least two.",
    ),
    AwardName.COMEBACK: (
        _SEASON,
        "Comeback of the season",
        "The best three weeks in a row that follow four empty ones, of those who had points before.",
    ),
    AwardName.MATCH_CHAMPION: (_SEASON, "Champion of matches", "The first rank of the table of matches."),
}


class Award(Struct, frozen=True, kw_only=True):
    """An award that a player was given, as the caller is shown it; players who are equal share it."""

    name: Annotated[AwardName, about("The award")]
    title: Annotated[str, about("Its name for people")]
    period: Annotated[AwardPeriod, about("What it is given for")]
    week: Annotated[int, about("The week with whose end it was given, from 1")]
    month: Annotated[str | None, about("The month, like 2026-01; null for awards of weeks and seasons")]
    player_id: Annotated[UUID, about("The player's id")]
    player: Annotated[str, about("The name that the caller is shown")]
    is_me: Annotated[bool, about("True for the caller's own award")]
    is_shared: Annotated[bool, about("True if others who are shown have it too")]
    value: Annotated[int, about("What decided: points, lines, weeks, repositories, co-authors, or half points")]
    evidence: Annotated[str, about("The same in words")]


class AwardList(Struct, frozen=True):
    """The awards of a season so far, the newest first, those of the season itself before all others."""

    items: Annotated[list[Award], about("The awards")]


class RecordName(StrEnum):
    """A record that a season or a league keeps."""

    BEST_WEEK = "best_week"
    BEST_MONTH = "best_month"
    LONGEST_RUN = "longest_run"
    LARGEST_WIN = "largest_win"


class Record(Struct, frozen=True, kw_only=True):
    """A record, and who holds it; players who are equal share it."""

    name: Annotated[RecordName, about("The record")]
    value: Annotated[int, about("Points, or active weeks")]
    evidence: Annotated[str, about("What it was, in words")]
    season: Annotated[int, about("The number of the season in which it was reached")]
    player_id: Annotated[UUID, about("The player's id")]
    player: Annotated[str, about("The name that the caller is shown")]
    is_me: Annotated[bool, about("True for the caller's own record")]


class Career(Struct, frozen=True, kw_only=True):
    """A player of the hall of fame."""

    player_id: Annotated[UUID, about("The player's id")]
    player: Annotated[str, about("The name that the caller is shown")]
    is_me: Annotated[bool, about("True for the caller")]
    is_retired: Annotated[bool, about("True for a player who has retired")]
    titles: Annotated[int, about("Seasons of which the player was champion")]
    points: Annotated[int, about("The points of all seasons together")]
    seasons: Annotated[int, about("Seasons with points")]


class SeasonRecords(Struct, frozen=True, kw_only=True):
    """The records of a season, those of all seasons of its league, and the hall of fame."""

    season: Annotated[list[Record], about("Of the season")]
    league: Annotated[list[Record], about("Of all seasons of the league")]
    hall_of_fame: Annotated[list[Career], about("By titles, then by career points: the first ten")]
