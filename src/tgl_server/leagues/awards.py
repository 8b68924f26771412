"""Reading the awards of a season, as the caller is shown them: of those who hide nothing is said."""

from collections import Counter
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.awards import Award, AwardList, AwardName, AwardPeriod
from tgl_server.auth.principal import Principal
from tgl_server.leagues import awards_queries
from tgl_server.leagues.awarding import month_of
from tgl_server.leagues.reading import FoundSeason, name_of
from tgl_server.leagues.rules import Provisional
from tgl_server.leagues.wording import number_of

#: The order of a season's awards: those of the season itself, then the newest first, and as the rules name them.
_PLACES = {name: place for place, name in enumerate(AwardName)}


async def season_awards(connection: AsyncConnection, principal: Principal, season: FoundSeason) -> AwardList:
    """The awards of a season so far; one statement."""
    return AwardList(await _awards(connection, principal, season))


async def week_awards(connection: AsyncConnection, principal: Principal, season: FoundSeason, week: int) -> list[Award]:
    """The awards that were given with the end of a week, from 1, but for those of the season; one statement."""
    found = await _awards(connection, principal, season)
    return [award for award in found if award.week == week and award.period is not AwardPeriod.SEASON]


async def player_awards(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, player_id: UUID
) -> list[Award]:
    """The awards of one player in a season; one statement."""
    found = await _awards(connection, principal, season)
    return [award for award in found if award.player_id == player_id]


async def _awards(connection: AsyncConnection, principal: Principal, season: FoundSeason) -> list[Award]:
    asked = {
        "season_id": season.id,
        "viewer": principal.user_id,
        "shows_provisional": season.rules.provisional is Provisional.SHOWN,
    }
    rows = (await connection.execute(awards_queries.SHOWN, asked)).mappings().all()
    holders = Counter((row["award"], row["week"]) for row in rows)
    found = [_award(row, principal, season, holders[row["award"], row["week"]] > 1) for row in rows]
    return sorted(found, key=_place)


def _place(award: Award) -> tuple[bool, int, int, UUID]:
    return award.period is not AwardPeriod.SEASON, -award.week, _PLACES[award.name], award.player_id


def _award(row: RowMapping, principal: Principal, season: FoundSeason, is_shared: bool) -> Award:
    name = AwardName(row["award"])
    is_month = name.period is AwardPeriod.MONTH
    return Award(
        name=name,
        title=name.words,
        period=name.period,
        week=row["week"] + 1,
        month="{}-{:02}".format(*month_of(season.first_day, row["week"])) if is_month else None,
        player_id=row["player_id"],
        player=name_of(row, principal),
        is_me=row["is_me"],
        is_shared=is_shared,
        value=row["value"],
        evidence=evidence(name, row["value"]),
    )


def evidence(name: AwardName, value: int) -> str:
    """What decided an award, in words."""
    match name:
        case AwardName.GARDENER:
            return f"{number_of(value, 'line')} less"
        case AwardName.PLAYMAKER:
            return number_of(value, "co-author")
        case AwardName.IRON:
            return f"{number_of(value, 'week')} with points"
        case AwardName.GLOBETROTTER:
            return f"{value} repositories"
        case AwardName.MOST_IMPROVED:
            return f"median week up by {value / 2:g} points"
        case AwardName.ROOKIE:
            return f"{number_of(value, 'point')} in the best four weeks"
        case AwardName.COMEBACK:
            return f"{number_of(value, 'point')} in three weeks"
        case _:
            return number_of(value, "point")
