"""What a commissioner sends to make leagues, rules and seasons, and what a preview answers."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol.about import about
from tgl_protocol.projects import ProjectName, Slug

MAX_REPOS: Final = 1000
MAX_NOTE: Final = 2000
MAX_WHY: Final = 1000

Why = Annotated[Annotated[str, Meta(min_length=1, max_length=MAX_WHY)], about("The reason, which is kept and shown")]
Sha = Annotated[Annotated[str, Meta(pattern="^[0-9a-f]{40}$")], about("The sha, 40 hexadecimal digits")]
_Whole = Annotated[int, Meta(ge=1, le=1_000_000)]


class NewLeague(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A league to make, which its maker then owns; its rules begin with version 1."""

    slug: Slug
    name: Annotated[ProjectName, about("What the league is called")]


class LeagueChange(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Changes of a league; a field that is left out stays."""

    slug: Slug | UnsetType = UNSET
    name: Annotated[ProjectName | UnsetType, about("What the league is called from now on")] = UNSET


class RepoWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A repository that a league is to have."""

    repo_id: Annotated[UUID, about("The repository's id")]
    counts_from: Annotated[
        date | None, about("Commits dated before it never count; null for the first day of each season")
    ] = None
    dates_trusted_until: Annotated[
        datetime | None,
        about("Commits dated up to it count as if they had arrived then, for an import after a restore; null for none"),
    ] = None


class RepoWishes(Struct, frozen=True, forbid_unknown_fields=True):
    """All repositories of a league, in their order: of copies in several, the one in the first counts."""

    items: Annotated[
        Annotated[list[RepoWish], Meta(max_length=MAX_REPOS)], about("The repositories, upstream before fork")
    ]


class LeagueRepoInfo(Struct, frozen=True, kw_only=True):
    """A repository of a league."""

    repo_id: Annotated[UUID, about("The repository's id")]
    project: Annotated[str, about("The slug of its project")]
    repo: Annotated[str, about("Its name")]
    counts_from: Annotated[date | None, about("Commits dated before it never count; null for each season's first day")]
    taken_in: Annotated[datetime, about("When the league took it in: nothing arrives before")]
    dates_trusted_until: Annotated[datetime | None, about("Up to when dates are believed; null if they are not")]


class LeagueRepoList(Struct, frozen=True):
    """The repositories of a league that the caller may read, in their order."""

    items: Annotated[list[LeagueRepoInfo], about("The repositories, upstream before fork")]


class NewRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of a league, as a new version; those of before stay as they are."""

    document: Annotated[
        dict[str, Any], about("Parameters by their names, whole numbers; one that is left out has its default")
    ]
    note: Annotated[Annotated[str, Meta(max_length=MAX_NOTE)], about("What the new version changes, in a sentence")] = (
        ""
    )


class RulesWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules to try, and on what."""

    document: Annotated[
        dict[str, Any], about("Parameters by their names, whole numbers; one that is left out has its default")
    ]
    season: Annotated[
        _Whole | None, about("The season to try them on; null for the twelve weeks up to now, by the newest rules")
    ] = None


class Moved(Struct, frozen=True, kw_only=True):
    """A player whose place or points are others under the rules that are tried; null where there is no place."""

    player_id: Annotated[UUID, about("The player's id")]
    name: Annotated[str, about("The name that the caller is shown")]
    rank_before: Annotated[int | None, about("The rank by the rules as they are")]
    rank_after: Annotated[int | None, about("The rank by the rules that are tried")]
    points_before: Annotated[int, about("Season points by the rules as they are")]
    points_after: Annotated[int, about("Season points by the rules that are tried")]


class RulesPreview(Struct, frozen=True, kw_only=True):
    """What other rules would change; nothing is stored."""

    sha256: Annotated[str, about("The hash that the rules would have, 64 hexadecimal digits")]
    season: Annotated[int | None, about("The season that they were tried on; null for the last twelve weeks")]
    starts: Annotated[date, about("The first day of what they were tried on")]
    weeks: Annotated[int, about("How many weeks that has")]
    commits: Annotated[int, about("Commits in these weeks that the rules say anything of")]
    players: Annotated[int, about("Players with a place")]
    late_percent: Annotated[int, about("Of the commits that count, those that arrived after their week, in percent")]
    proposed_grace_days: Annotated[
        int | None, about("Days of a longer grace, under which fewer are late; null if the share is at most 20 percent")
    ]
    moved: Annotated[list[Moved], about("Who would move, the best rank first, at most 200")]


class NewSeason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A season to plan."""

    starts: Annotated[date, about("Its first day, a Monday")]
    weeks: Annotated[Annotated[int, Meta(ge=4, le=26)], about("How many weeks it has")] = 12
    name: Annotated[Annotated[str, Meta(max_length=200)], about("Its name; empty for its number")] = ""
    rules_version: Annotated[_Whole | None, about("The version of the rules; null for the newest")] = None


class NewStrike(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A commit whose change does not count, with all its copies."""

    sha: Sha
    reason: Why


class StrikeInfo(Struct, frozen=True, kw_only=True):
    """A strike, on one copy of a change; it holds for all of them."""

    sha: Annotated[str, about("The sha, 40 hexadecimal digits")]
    reason: Annotated[str, about("Why")]
    struck_by: Annotated[UUID | None, about("The account of who struck it; null for the command line")]
    at: Annotated[datetime, about("When")]


class StrikeList(Struct, frozen=True):
    """The strikes of a season, the newest first, at most 1,000."""

    items: Annotated[list[StrikeInfo], about("The strikes")]


class StrikeGone(Struct, frozen=True):
    """What was taken back."""

    strikes: Annotated[int, about("Strikes on copies of the change")]
