"""Reading leagues: who may see which, their rules and seasons, and what a season says of a commit."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_protocol.league_changes import LeagueRepoInfo, LeagueRepoList
from tgl_protocol.leagues import (
    VERDICT_SENTENCES,
    LeagueExplanation,
    LeagueInfo,
    LeagueList,
    OwnStanding,
    Place,
    RulesInfo,
    ScoredCopy,
    SeasonInfo,
    SeasonList,
    SeasonState,
)
from tgl_protocol.players import PlayerState, Visibility
from tgl_server import errors
from tgl_server.access.names import name_for_others
from tgl_server.auth.principal import Principal
from tgl_server.http.text_rules import is_storable
from tgl_server.leagues import reading_queries
from tgl_server.leagues.credit import split
from tgl_server.leagues.models import VERDICTS
from tgl_server.leagues.own_days import own_days
from tgl_server.leagues.reasons import deciding_rule
from tgl_server.leagues.rules import Rules, parse_rules
from tgl_server.leagues.scoring import DaySum, day_points, to_date, to_day
from tgl_server.leagues.terms import Reader
from tgl_server.leagues.wording import in_words

_NO_LEAGUE = "There is no league of this name that you may see."
_MOST_COPIES = 100
_MOST_VERSIONS = 2**31 - 1
#: Of a season under rules that no season has yet.
_USUAL_WEEKS = 12


async def list_leagues(connection: Reader, principal: Principal) -> LeagueList:
    """The leagues that the caller may see."""
    return LeagueList([_league(row) for row in await _leagues(connection, principal, None)])


async def get_league(connection: Reader, principal: Principal, slug: str) -> LeagueInfo:
    """A league by its slug; raises `NotFound` for one that the caller may not see, too."""
    rows = await _leagues(connection, principal, slug) if is_storable(slug) else []
    if not rows:
        raise errors.NotFound(_NO_LEAGUE)
    return _league(rows[0])


async def list_repos(connection: Reader, principal: Principal, slug: str) -> LeagueRepoList:
    """The repositories of a league that the caller may read, in their order."""
    league = await get_league(connection, principal, slug)
    which = {"league_id": league.id, **_whose(principal)}
    rows = (await connection.execute(reading_queries.LEAGUE_REPOS, which)).mappings()
    return LeagueRepoList([LeagueRepoInfo(**row) for row in rows])


async def get_season(connection: Reader, principal: Principal, slug: str, number: int) -> SeasonInfo:
    """A season of a league; raises `NotFound`."""
    return (await find_season(connection, principal, slug, number)).info


async def get_rules(connection: Reader, principal: Principal, slug: str, version: int) -> RulesInfo:
    """A version of a league's rules; raises `NotFound`."""
    return await rules_of(connection, await get_league(connection, principal, slug), version)


async def rules_of(connection: Reader, league: LeagueInfo, version: int) -> RulesInfo:
    """A version of the rules of a league that the caller may see; one statement. Raises `NotFound`."""
    which = {"league_id": league.id, "version": min(version, _MOST_VERSIONS)}
    row = (await connection.execute(reading_queries.RULES, which)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound(f"The league has no version {version} of its rules.")
    rules = parse_rules(row["document"])
    plain = {name: row[name] for name in ("version", "note", "created_at")}
    words = [rule.sentence for section in in_words(rules, row["weeks"] or _USUAL_WEEKS) for rule in section.rules]
    document = msgspec.to_builtins(rules)
    return RulesInfo(**plain, sha256=row["sha256"].hex(), document=document, words=words)


async def list_seasons(connection: Reader, principal: Principal, slug: str) -> SeasonList:
    """The seasons of a league."""
    found = await find_seasons(connection, principal, slug)
    return SeasonList([season.info for season in found.seasons])


class FoundSeason(Struct, frozen=True):
    """A season that the caller may see, with its league and rules."""

    id: UUID
    league: LeagueInfo
    info: SeasonInfo
    rules: Rules

    @property
    def first_day(self) -> int:
        """The number of its first day."""
        return to_day(self.info.starts)


class LeagueSeasons(Struct, frozen=True):
    """A league that the caller may see, and its seasons, the newest first."""

    info: LeagueInfo
    seasons: list[FoundSeason]

    @property
    def current(self) -> FoundSeason | None:
        """The newest season that was opened; None before the first one."""
        return next((each for each in self.seasons if each.info.state is not SeasonState.DRAFT), None)


async def find_seasons(connection: Reader, principal: Principal, slug: str, number: int | None = None) -> LeagueSeasons:
    """A league with its seasons, all or the one of a number; one statement. Raises `NotFound` for no such league."""
    asked = {"slug": slug, "number": number, **_whose(principal)}
    rows = (await connection.execute(reading_queries.SEASONS, asked)).mappings().all() if is_storable(slug) else []
    if not rows:
        raise errors.NotFound(_NO_LEAGUE)
    first = rows[0]
    plain = {name: first[name] for name in ("slug", "created_at", "repos")}
    league = LeagueInfo(id=first["league_id"], name=first["league_name"], **plain)
    found = [
        FoundSeason(row["id"], league, _season(row), parse_rules(row["document"]))
        for row in rows
        if row["id"] is not None
    ]
    return LeagueSeasons(league, found)


async def find_season(connection: Reader, principal: Principal, slug: str, number: int | None) -> FoundSeason:
    """A season by its number, or the newest that was opened; one statement. Raises `NotFound`."""
    found = await find_seasons(connection, principal, slug, number)
    return pick_season(found, number)


def pick_season(found: LeagueSeasons, number: int | None) -> FoundSeason:
    """The season of a number, or the newest that was opened; raises `NotFound`."""
    if number is None:
        season = found.current
    else:
        season = next((each for each in found.seasons if each.info.number == number), None)
    if season is None:
        said = "The league has no season yet." if number is None else f"The league has no season {number}."
        raise errors.NotFound(said)
    return season


async def own_standing(connection: Reader, principal: Principal, slug: str) -> OwnStanding:
    """The caller in the newest season of a league that has begun."""
    found = await find_seasons(connection, principal, slug)
    league = found.info
    season = next((each for each in found.seasons if each.info.begun), None)
    if season is None:
        return OwnStanding(league=league, season=None, place=None, today=None)
    which = {"season_id": season.id, "viewer": principal.user_id}
    place = (await connection.execute(reading_queries.OWN_PLACE, which)).mappings().one_or_none()
    days = await own_days(connection, principal.user_id, league_id=league.id)
    return OwnStanding(
        league=league,
        season=season.info,
        place=None if place is None else _place(place, principal),
        today=next((day for day in days if day.season == season.info.number), None),
    )


async def explain_sha(
    connection: Reader, principal: Principal, slug: str, prefix: str, bounds: tuple[bytes, bytes]
) -> LeagueExplanation:
    """What a league's seasons say of the commits between two shas, in repositories that the caller may read."""
    league = await get_league(connection, principal, slug)
    asked = {"league_id": league.id, "first": bounds[0], "last": bounds[1], "limit": _MOST_COPIES}
    rows = (await connection.execute(reading_queries.EXPLAIN, {**asked, **_whose(principal)})).mappings()
    copies = [_copy(row, principal) for row in rows]
    return LeagueExplanation(prefix, _sentence(prefix, copies), copies)


class Scored(Struct, frozen=True, kw_only=True):
    """What a season of some league says of a copy of a commit."""

    league: str
    league_name: str
    season_name: str
    copy: ScoredCopy


async def explain_everywhere(connection: Reader, principal: Principal, bounds: tuple[bytes, bytes]) -> list[Scored]:
    """What the seasons of all leagues say of the commits between two shas, where the caller may read; one statement."""
    asked = {"league_id": None, "first": bounds[0], "last": bounds[1], "limit": _MOST_COPIES}
    rows = (await connection.execute(reading_queries.EXPLAIN, {**asked, **_whose(principal)})).mappings()
    named = "league", "league_name", "season_name"
    return [Scored(**{name: row[name] for name in named}, copy=_copy(row, principal)) for row in rows]


def _sentence(prefix: str, copies: list[ScoredCopy]) -> str:
    if not copies:
        return f"No season of this league has a commit that begins with {prefix}, in a repository that you may see."
    if len({copy.sha for copy in copies}) > 1:
        return f"Several commits begin with {prefix}: give more of its digits."
    counted = next((copy for copy in copies if copy.verdict.counts), copies[0])
    return counted.sentence


def _copy(row: RowMapping, principal: Principal) -> ScoredCopy:
    verdict, rules = VERDICTS[row["verdict"]], parse_rules(row["document"])
    without = row["day_points"]
    if verdict.counts:
        own, _ = split(row["value"], row["shared_with"])
        without = day_points(rules, DaySum(row["day_changes"] - 1, row["day_value"] - own))
    rule, rule_value = deciding_rule(rules, verdict, to_day(row["counts_from"]))
    names = "project", "repo", "reason", "arrived_at", "value", "day_points", "counted_in", "counted_sha", "shared_with"
    plain = {name: row[name] for name in names}
    return ScoredCopy(
        **plain,
        season=row["number"],
        sha=row["sha"].hex(),
        player=name_of(row, principal),
        player_id=row["player_id"] if is_shown(row, principal) else None,
        verdict=verdict,
        sentence=VERDICT_SENTENCES[verdict],
        day=to_date(row["day"]),
        day_points_without=without,
        rule=rule,
        rule_value=rule_value,
    )


def _place(row: RowMapping, principal: Principal) -> Place:
    names = "rank", "is_tied", "player_id", "points", "week_points", "weeks", "days", "best_week"
    is_provisional = row["state"] == PlayerState.PROVISIONAL
    return Place(
        **{name: row[name] for name in names},
        name=name_of(row, principal),
        is_provisional=is_provisional,
        is_me=row["user_id"] == principal.user_id,
    )


def name_of(row: RowMapping, principal: Principal) -> str:
    """The name of a player that the caller is shown: their own as it is, that of others as they chose."""
    if row["user_id"] == principal.user_id:
        return str(row["name"])
    return name_for_others(row["state"], row["visibility"], row["shown_name"]) or str(row["name"])


def is_shown(row: RowMapping, principal: Principal) -> bool:
    """False for a player of whom the caller sees nothing, not even which commits are of one person."""
    is_hidden = row["visibility"] == Visibility.HIDDEN or row["state"] == PlayerState.ERASED
    return row["user_id"] == principal.user_id or not is_hidden


async def _leagues(connection: Reader, principal: Principal, slug: str | None) -> list[RowMapping]:
    return list((await connection.execute(reading_queries.LEAGUES, {"slug": slug, **_whose(principal)})).mappings())


def _whose(principal: Principal) -> dict[str, Any]:
    return {"user_id": principal.user_id, "is_commissioner": principal.is_commissioner}


def _league(row: RowMapping) -> LeagueInfo:
    return LeagueInfo(**{name: row[name] for name in LeagueInfo.__struct_fields__})


def _season(row: RowMapping) -> SeasonInfo:
    plain = {name: row[name] for name in SeasonInfo.__struct_fields__ if name != "state"}
    return SeasonInfo(**plain, state=SeasonState(row["state"]))
