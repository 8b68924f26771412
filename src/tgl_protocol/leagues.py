"""Leagues, their seasons and tables; and what a season says of a commit: one verdict, in one sentence."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about


class CommitVerdict(StrEnum):
    """What the rules of a season say of one stored copy of a commit; the first that fits, as they are listed here.

    `future`, `late` and `counted` count; the others do not. `struck` is a commissioner's, and comes before all others.
    """

    STRUCK = "struck"
    BEFORE_REPO = "before_repo"
    MERGE = "merge"
    OPTED_OUT = "opted_out"
    BOT = "bot"
    EMPTY = "empty"
    REVERT = "revert"
    NOT_LANDED = "not_landed"
    TOO_LATE = "too_late"
    COPY = "copy"
    FUTURE = "future"
    LATE = "late"
    COUNTED = "counted"

    @property
    def counts(self) -> bool:
        """True if the copy adds to its player's day."""
        return self in (CommitVerdict.FUTURE, CommitVerdict.LATE, CommitVerdict.COUNTED)


#: What each verdict means, for the person whose commit it is.
VERDICT_SENTENCES: Final[dict[CommitVerdict, str]] = {
    CommitVerdict.STRUCK: "A commissioner struck this change, with all its copies; the reason is shown beside it.",
    CommitVerdict.BEFORE_REPO: "It is dated before the day from which its repository counts.",
    CommitVerdict.MERGE: "It is a merge, which has no lines of its own.",
    CommitVerdict.OPTED_OUT: "Its player does not take part in this season.",
    CommitVerdict.BOT: "Its author is a bot, by its name, its address, or because somebody said so.",
    CommitVerdict.EMPTY: "It changes no file.",
    CommitVerdict.REVERT: "It is a revert, or takes a revert back, by its title.",
    CommitVerdict.NOT_LANDED: "It is not on the default branch yet, and counts on the day on which it gets there.",
    CommitVerdict.TOO_LATE: "It arrived too late: its week was closed, and the rules or the season's end leave no day.",
    CommitVerdict.COPY: "It is a copy of a change that counts elsewhere, once.",
    CommitVerdict.FUTURE: "It counts, on the day on which it arrived: the clock that dated it was ahead.",
    CommitVerdict.LATE: "It counts, among the seven days before its arrival: its own week was closed.",
    CommitVerdict.COUNTED: "It counts, on the day of its author date.",
}


class LeagueInfo(Struct, frozen=True, kw_only=True):
    """A league: a set of repositories whose authors play with each other."""

    id: Annotated[UUID, about("The league's id, which never changes")]
    slug: Annotated[str, about("Its name in addresses")]
    name: Annotated[str, about("Its name to show")]
    repos: Annotated[int, about("How many repositories it has")]
    created_at: Annotated[datetime, about("When it was made")]


class LeagueList(Struct, frozen=True):
    """The leagues that the caller may see, by slug."""

    items: Annotated[list[LeagueInfo], about("The leagues, by slug")]


class RulesInfo(Struct, frozen=True, kw_only=True):
    """A version of a league's rules, which never changes."""

    version: Annotated[int, about("Its number, from 1")]
    sha256: Annotated[str, about("The hash of the document, 64 hexadecimal digits")]
    note: Annotated[str, about("What its author says of it")]
    created_at: Annotated[datetime, about("When it was made")]
    document: Annotated[dict[str, Any], about("Every parameter by its name")]
    words: Annotated[list[str], about("The same in sentences, by which a table can be computed")] = []


class SeasonState(StrEnum):
    """A season's state: planned, running, over but with weeks that are not closed yet, or over for good."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class SeasonInfo(Struct, frozen=True, kw_only=True):
    """A season: whole weeks, Monday to Sunday, under one version of the rules."""

    number: Annotated[int, about("Its number in the league, from 1")]
    name: Annotated[str, about("Its name to show")]
    state: Annotated[SeasonState, about("How far it is")]
    starts: Annotated[date, about("Its first day, a Monday")]
    weeks: Annotated[int, about("How many weeks it has")]
    begun: Annotated[int, about("How many of its weeks have begun")]
    rules_version: Annotated[int, about("The version of the rules that it is scored by")]
    is_official: Annotated[bool, about("False if dates count as they are written, which nobody has witnessed")]
    opened_at: Annotated[datetime | None, about("When it was opened; null before")]
    closed_at: Annotated[datetime | None, about("When it was closed for good; null before")]


class SeasonList(Struct, frozen=True):
    """The seasons of a league, the newest first."""

    items: Annotated[list[SeasonInfo], about("The seasons, the newest first")]


class Place(Struct, frozen=True, kw_only=True):
    """A player's place in a season; equal players share a rank."""

    rank: Annotated[int, about("The rank; equal players share it")]
    is_tied: Annotated[bool, about("True if others have the same rank")]
    player_id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("The name that the caller is shown")]
    is_provisional: Annotated[bool, about("True if nobody has said yet who the player is")]
    points: Annotated[int, about("Season points: those of the weeks that count")]
    week_points: Annotated[list[int], about("The points of each week that has begun")]
    weeks: Annotated[int, about("Weeks with points")]
    days: Annotated[int, about("Days with a change that counts")]
    best_week: Annotated[int, about("The points of the best week")]
    change: Annotated[
        int | None, about("Ranks gained since the week before ended; null for who had no points by then")
    ] = None
    is_me: Annotated[bool, about("True for the caller's own place")] = False


class SeasonTable(Struct, frozen=True):
    """The table of a season, the first rank first."""

    season: Annotated[SeasonInfo, about("The season")]
    items: Annotated[list[Place], about("The places of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    players: Annotated[int, about("How many have a place that the caller may know of, shown or not")] = 0


class ScoredCopy(Struct, frozen=True, kw_only=True):
    """What a season says of one stored copy of a commit, and what it does for its player's day."""

    season: Annotated[int, about("The number of the season")]
    project: Annotated[str, about("The slug of the copy's project")]
    repo: Annotated[str, about("The name of the copy's repository")]
    sha: Annotated[str, about("The sha, 40 hexadecimal digits")]
    player: Annotated[str, about("Whom it is credited to, by the name that the caller is shown")]
    player_id: Annotated[UUID | None, about("Their id; null for who is not shown to the caller")] = None
    verdict: Annotated[CommitVerdict, about("The verdict")]
    sentence: Annotated[str, about("The verdict in a sentence")]
    reason: Annotated[str | None, about("Why it was struck; null if it was not")]
    arrived_at: Annotated[datetime, about("When it was stored here")]
    day: Annotated[date, about("The day that it counts on, or would count on")]
    value: Annotated[int, about("Its lines, up to the cap of the rules")]
    day_points: Annotated[int, about("The points of the player's day")]
    day_points_without: Annotated[int, about("What these would be without it")]
    rule: Annotated[str | None, about("The parameter of the rules that decides; null where none does")] = None
    rule_value: Annotated[str | None, about("What that parameter says; null where none decides")] = None
    counted_in: Annotated[str | None, about("Project and repository of the copy that counts, for a copy")] = None
    counted_sha: Annotated[str | None, about("The sha of the copy that counts, for a copy")] = None
    shared_with: Annotated[int, about("Co-authors who have each an equal part of its lines, if it counts")] = 0


class LeagueExplanation(Struct, frozen=True):
    """What the seasons of a league say of a commit: one item for each season and stored copy."""

    sha: Annotated[str, about("The digits that were asked for")]
    sentence: Annotated[str, about("The answer in a sentence")]
    copies: Annotated[list[ScoredCopy], about("The copies, the newest season first")]


class LeagueDay(Struct, frozen=True, kw_only=True):
    """A day of the caller's in a running season; days are those of the league's clock."""

    league: Annotated[str, about("The league's slug")]
    season: Annotated[int, about("The number of the season")]
    day: Annotated[date, about("The day")]
    points: Annotated[int, about("Its points so far")]
    most: Annotated[int, about("The most points that a day is worth")]
    changes: Annotated[int, about("Changes that count on it")]
    value: Annotated[int, about("Lines that count on it")]
    changes_to_go: Annotated[int | None, about("Changes to the next step of these; null at the last")]
    lines_to_go: Annotated[int | None, about("Lines to the next step of these; null at the last")]
    is_behind: Annotated[bool, about("True while commits are stored that are not scored yet")]
    sentence: Annotated[str, about("The same in a sentence")]


class LeagueDays(Struct, frozen=True):
    """The caller's day in each running season of leagues that have a repository, by the league's slug."""

    items: Annotated[list[LeagueDay], about("The days; none for whoever does not take part")]


class OwnStanding(Struct, frozen=True, kw_only=True):
    """The caller in a league: their place in its newest season that has begun, and their day in a running one."""

    league: Annotated[LeagueInfo, about("The league")]
    season: Annotated[SeasonInfo | None, about("The newest season that has begun; null if none has")]
    place: Annotated[Place | None, about("The caller's place in it; null without points")]
    today: Annotated[LeagueDay | None, about("Today in it; null if it is not running, or the caller takes no part")]
