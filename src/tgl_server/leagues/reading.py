"""Reading leagues: who may see which, the table of a season, and what a season says of a commit."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta
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
    SeasonTable,
)
from tgl_protocol.players import PlayerState
from tgl_server import errors
from tgl_server.access.names import name_for_others
from tgl_server.auth.principal import Principal
from tgl_server.http.pagination import cut_page, decode_cursor
from tgl_server.http.text_rules import is_storable
from tgl_server.leagues import reading_queries
from tgl_server.leagues.credit import split
from tgl_server.leagues.models import VERDICTS
from tgl_server.leagues.own_days import own_days
from tgl_server.leagues.reasons import deciding_rule
from tgl_server.leagues.rules import parse_rules
from tgl_server.leagues.scoring import DaySum, day_points, to_date, to_day
from tgl_server.leagues.terms import Reader

#: The most places in a file.
MOST_ROWS = 10_000
_MOST_COPIES = 100
_Rank = Annotated[int, Meta(ge=0, le=2**31 - 1)]


async def list_leagues(connection: Reader, principal: Principal) -> LeagueList:
    """The leagues that the caller may see."""
    return LeagueList([_league(row) for row in await _leagues(connection, principal, None)])


async def get_league(connection: Reader, principal: Principal, slug: str) -> LeagueInfo:
    """A league by its slug; raises `NotFound` for one that the caller may not see, too."""
    rows = await _leagues(connection, principal, slug) if is_storable(slug) else []
    if not rows:
        raise errors.NotFound("There is no league of this name that you may see.")
    return _league(rows[0])


async def list_repos(connection: Reader, principal: Principal, slug: str) -> LeagueRepoList:
    """The repositories of a league that the caller may read, in their order."""
    league = await get_league(connection, principal, slug)
    which = {"league_id": league.id, **_whose(principal)}
    rows = (await connection.execute(reading_queries.LEAGUE_REPOS, which)).mappings()
    return LeagueRepoList([LeagueRepoInfo(**row) for row in rows])


async def get_season(connection: Reader, principal: Principal, slug: str, number: int) -> SeasonInfo:
    """A season of a league; raises `NotFound`."""
    league = await get_league(connection, principal, slug)
    which = {"league_id": league.id, "number": number}
    row = (await connection.execute(reading_queries.SEASONS, which)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound(f"The league has no season {number}.")
    return _season(row)


async def get_rules(connection: Reader, principal: Principal, slug: str, version: int) -> RulesInfo:
    """A version of a league's rules; raises `NotFound`."""
    league = await get_league(connection, principal, slug)
    which = {"league_id": league.id, "version": version}
    row = (await connection.execute(reading_queries.RULES, which)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound(f"The league has no version {version} of its rules.")
    document = msgspec.to_builtins(parse_rules(row["document"]))
    plain = {name: row[name] for name in ("version", "note", "created_at")}
    return RulesInfo(**plain, sha256=row["sha256"].hex(), document=document)


async def list_seasons(connection: Reader, principal: Principal, slug: str) -> SeasonList:
    """The seasons of a league."""
    league = await get_league(connection, principal, slug)
    rows = (await connection.execute(reading_queries.SEASONS, {"league_id": league.id, "number": None})).mappings()
    return SeasonList([_season(row) for row in rows])


async def season_table(
    connection: Reader, principal: Principal, slug: str, number: int, *, limit: int, cursor: str | None
) -> SeasonTable:
    """A page of the table of a season, as far as the scorer has come."""
    rank, player_id = decode_cursor(cursor, tuple[_Rank, UUID]) if cursor else (None, None)
    league = await get_league(connection, principal, slug)
    which = {"league_id": league.id, "number": number}
    season = (await connection.execute(reading_queries.SEASONS, which)).mappings().one_or_none()
    if season is None:
        raise errors.NotFound(f"The league has no season {number}.")
    after = {"rank": rank, "player_id": player_id, "limit": limit + 1}
    shown = {"viewer": principal.user_id, "shows_provisional": season["shows_provisional"]}
    found = await connection.execute(reading_queries.TABLE, {"season_id": season["id"], **shown, **after})
    page, next_cursor = cut_page(found.mappings().all(), limit, lambda row: (row["rank"], row["player_id"]))
    return SeasonTable(_season(season), [_place(row, principal) for row in page], next_cursor)


async def own_standing(connection: Reader, principal: Principal, slug: str) -> OwnStanding:
    """The caller in the newest season of a league that has begun."""
    league = await get_league(connection, principal, slug)
    seasons = (await connection.execute(reading_queries.SEASONS, {"league_id": league.id, "number": None})).mappings()
    season = next((row for row in seasons if row["begun"]), None)
    if season is None:
        return OwnStanding(league=league, season=None, place=None, today=None)
    which = {"season_id": season["id"], "viewer": principal.user_id}
    place = (await connection.execute(reading_queries.OWN_PLACE, which)).mappings().one_or_none()
    days = await own_days(connection, principal.user_id, league_id=league.id)
    return OwnStanding(
        league=league,
        season=_season(season),
        place=None if place is None else _place(place, principal),
        today=next((day for day in days if day.season == season["number"]), None),
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
        player=_name(row, principal),
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
        name=_name(row, principal),
        is_provisional=is_provisional,
        is_me=row["user_id"] == principal.user_id,
    )


def _name(row: RowMapping, principal: Principal) -> str:
    """The name of a player that the caller is shown: their own as it is, that of others as they chose."""
    if row["user_id"] == principal.user_id:
        return str(row["name"])
    return name_for_others(row["state"], row["visibility"], row["shown_name"]) or str(row["name"])


async def _leagues(connection: Reader, principal: Principal, slug: str | None) -> list[RowMapping]:
    return list((await connection.execute(reading_queries.LEAGUES, {"slug": slug, **_whose(principal)})).mappings())


def _whose(principal: Principal) -> dict[str, Any]:
    return {"user_id": principal.user_id, "is_commissioner": principal.is_commissioner}


def _league(row: RowMapping) -> LeagueInfo:
    return LeagueInfo(**{name: row[name] for name in LeagueInfo.__struct_fields__})


def _season(row: RowMapping) -> SeasonInfo:
    return SeasonInfo(**{name: row[name] for name in SeasonInfo.__struct_fields__})
