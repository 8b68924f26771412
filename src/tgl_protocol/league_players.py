"""What a league tells of one player, and of one week: points by week and day, and the commits behind them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about
from tgl_protocol.awards import Award
from tgl_protocol.leagues import CommitVerdict, Place, SeasonInfo


class PlayerWeek(Struct, frozen=True, kw_only=True):
    """A player's week of a season."""

    week: Annotated[int, about("The number of the week in the season, from 1")]
    starts: Annotated[date, about("Its Monday")]
    points: Annotated[int, about("The points of its best days")]
    days: Annotated[int, about("Days with a change that counts")]
    changes: Annotated[int, about("Changes that count")]
    value: Annotated[int, about("Their lines, each change up to the cap of the rules")]
    is_kept: Annotated[bool, about("True if the week is among those that make the season points")]


class PlayerTotals(Struct, frozen=True, kw_only=True):
    """What a player did in a season, without any cap; nothing of it is ranked."""

    commits: Annotated[int, about("Commits of the season, copies and those that do not count among them")]
    changes: Annotated[int, about("Changes that count")]
    additions: Annotated[int, about("Lines added by these")]
    deletions: Annotated[int, about("Lines deleted by these")]
    repos: Annotated[int, about("Repositories with a change that counts")]


class LeaguePlayer(Struct, frozen=True, kw_only=True):
    """A player in a season, as the caller is shown them."""

    player_id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("The name that the caller is shown")]
    is_me: Annotated[bool, about("True for the caller's own player")]
    is_provisional: Annotated[bool, about("True if nobody has said yet who the player is")]
    season: Annotated[SeasonInfo, about("The season")]
    place: Annotated[Place | None, about("The player's place; null for who has none")]
    median_week: Annotated[int | None, about("The player's median week with points; null without one")]
    weeks: Annotated[list[PlayerWeek], about("The weeks that have begun, the first one first")]
    totals: Annotated[PlayerTotals, about("What the player did, uncapped and not ranked")]
    awards: Annotated[list[Award], about("The player's awards of the season")] = []


class PlayerDay(Struct, frozen=True, kw_only=True):
    """A player's day with a change that counts."""

    day: Annotated[date, about("The day of the league")]
    week: Annotated[int, about("The number of its week in the season, from 1")]
    points: Annotated[int, about("The points of the day")]
    changes: Annotated[int, about("Changes that count")]
    value: Annotated[int, about("Their lines, each change up to the cap of the rules")]
    is_kept: Annotated[bool, about("True if the day is among those that make its week's points")]


class PlayerDays(Struct, frozen=True):
    """A player's days of a season, the newest first."""

    season: Annotated[SeasonInfo, about("The season")]
    items: Annotated[list[PlayerDay], about("The days, the newest first")]


class DayCommit(Struct, frozen=True, kw_only=True):
    """A stored commit of a player's day, in a repository that the caller may read."""

    sha: Annotated[str, about("The sha, 40 hexadecimal digits")]
    project: Annotated[str, about("The slug of its project")]
    repo: Annotated[str, about("The name of its repository")]
    verdict: Annotated[CommitVerdict, about("The verdict")]
    sentence: Annotated[str, about("The verdict in a sentence")]
    additions: Annotated[int, about("Lines added")]
    deletions: Annotated[int, about("Lines deleted")]
    value: Annotated[int, about("Its lines, up to the cap of the rules")]
    arrived_at: Annotated[datetime, about("When it was stored here")]


class DayExplained(Struct, frozen=True, kw_only=True):
    """How a player's day came by its points."""

    season: Annotated[SeasonInfo, about("The season")]
    player_id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("The name that the caller is shown")]
    day: Annotated[PlayerDay, about("The day")]
    line_points: Annotated[int, about("The points for its lines")]
    change_points: Annotated[int, about("The points for the number of its changes")]
    sentence: Annotated[str, about("The sum in a sentence")]
    commits: Annotated[list[DayCommit], about("The commits of the day, those that count first")]
    elsewhere: Annotated[int, about("Commits of the day in repositories that the caller may not read")]


class WeekPlace(Struct, frozen=True, kw_only=True):
    """A player's place in a week; equal players share a rank."""

    rank: Annotated[int, about("The rank; equal players share it")]
    is_tied: Annotated[bool, about("True if others have the same rank")]
    player_id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("The name that the caller is shown")]
    is_provisional: Annotated[bool, about("True if nobody has said yet who the player is")]
    is_me: Annotated[bool, about("True for the caller's own place")]
    points: Annotated[int, about("The points of the week")]
    days: Annotated[int, about("Days with a change that counts")]
    changes: Annotated[int, about("Changes that count")]
    value: Annotated[int, about("Their lines, each change up to the cap of the rules")]


class WeekTable(Struct, frozen=True, kw_only=True):
    """The table of one week of a season, the first rank first."""

    season: Annotated[SeasonInfo, about("The season")]
    week: Annotated[int, about("The number of the week, from 1")]
    starts: Annotated[date, about("Its Monday")]
    ends: Annotated[date, about("Its Sunday")]
    closes_at: Annotated[datetime | None, about("What arrives later cannot get into it; null while it is planned")]
    is_closed: Annotated[bool, about("True if nothing can get into it any more")]
    players: Annotated[int, about("How many have points that the caller may know of, shown or not")]
    items: Annotated[list[WeekPlace], about("The places")]
    awards: Annotated[list[Award], about("The awards that were given with the end of the week")] = []


class OwnEntryChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What a player chooses in a league."""

    badge: Annotated[bool, about("True to show your place to everybody, by a picture for pages elsewhere")]


class OwnEntry(Struct, frozen=True):
    """The caller in a league."""

    player_id: Annotated[UUID, about("Your id as a player")]
    badge: Annotated[bool, about("True if your badge is shown to everybody")]
    badge_path: Annotated[str, about("Its path, which answers 404 while it is not shown")]
