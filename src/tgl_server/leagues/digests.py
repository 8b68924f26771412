"""Digests: a short story of each sealed week, from templates, of what the caller may see of it.

They are told anew for each reader, so whoever hides is in none from then on, and an amended week is told as it stands.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.league_digest import DigestKind, DigestLine, WeekDigest, WeekDigests
from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.leagues.digests_queries import PLAYED, SEALED
from tgl_server.leagues.reading import FoundSeason, name_of
from tgl_server.leagues.rules import Provisional
from tgl_server.leagues.wording import number_of

#: Official tables of fewer players are not shown on pages either.
LEAST_PLAYERS: Final = 3
MOST_DIGESTS: Final = 26
_PAUSE_OF_COMEBACK: Final = 4
_MOST_NAMED: Final = 5


class Played(Struct, frozen=True, kw_only=True):
    """What a player did in a week; `pause` are the weeks without points before, null without an earlier one."""

    player_id: UUID
    name: str
    points: int
    changes: int
    is_debut: bool
    pause: int | None
    gardened: int


async def week_digests(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, limit: int = MOST_DIGESTS
) -> WeekDigests:
    """The digests of a season's sealed weeks, the newest first; two statements."""
    sealed = {
        row.week: row.sealed_at for row in await connection.execute(SEALED, {"season_id": season.id, "limit": limit})
    }
    played = await _played(connection, principal, season, list(sealed))
    return WeekDigests([_digest(season, week, at, played.get(week, [])) for week, at in sealed.items()])


async def week_story(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, week: int
) -> list[DigestLine]:
    """The sentences of a week, which is counted from 1; none before it is sealed, or if nobody had points in it."""
    played = (await _played(connection, principal, season, [week - 1])).get(week - 1, [])
    return story(played) if played and _is_told(season, played) else []


async def _played(
    connection: AsyncConnection, principal: Principal, season: FoundSeason, weeks: list[int]
) -> dict[int, list[Played]]:
    """Who had points in each of these weeks that is sealed, as far as the caller may see; one statement."""
    asked = {
        "season_id": season.id,
        "league_id": season.league.id,
        "number": season.info.number,
        "weeks": weeks,
        "first_day": season.first_day,
        "line_cap": season.rules.line_cap,
        "viewer": principal.user_id,
        "shows_provisional": season.rules.provisional is Provisional.SHOWN,
    }
    rows = (await connection.execute(PLAYED, asked)).mappings()
    names = "player_id", "points", "changes", "is_debut", "pause", "gardened"
    return {
        week: [Played(**{name: row[name] for name in names}, name=name_of(row, principal)) for row in of_week]
        for week, of_week in groupby(rows, key=lambda row: row["week"])
    }


async def week_digest(connection: AsyncConnection, principal: Principal, season: FoundSeason, week: int) -> WeekDigest:
    """The digest of a week, which is counted from 1; raises `NotFound` for one that is not sealed."""
    digests = await week_digests(connection, principal, season)
    found = next((digest for digest in digests.items if digest.week == week), None)
    if found is None:
        raise errors.NotFound(f"Week {week} of season {season.info.number} is not sealed yet.")
    return found


def _digest(season: FoundSeason, week: int, at: datetime, played: Sequence[Played]) -> WeekDigest:
    starts = season.info.starts + timedelta(weeks=week)
    return WeekDigest(
        season=season.info,
        week=week + 1,
        starts=starts,
        ends=starts + timedelta(days=6),
        sealed_at=at,
        lines=story(played) if _is_told(season, played) else story(()),
    )


def _is_told(season: FoundSeason, played: Sequence[Played]) -> bool:
    return len(played) >= LEAST_PLAYERS or not season.info.is_official


def story(played: Sequence[Played]) -> list[DigestLine]:
    """The sentences of a week, whose players are given by their points, the most first."""
    if not played:
        return [_line(DigestKind.TOTALS, (), "A quiet week: there is nothing to tell of it.")]
    changes = number_of(sum(each.changes for each in played), "change")
    found = [_line(DigestKind.TOTALS, (), f"{number_of(len(played), 'player')} had {changes} that count.")]
    best = [each for each in played if each.points == played[0].points]
    found += _named(
        DigestKind.BEST, best, lambda names, _: f"The best week was that of {names}: {best[0].points} points."
    )
    debuts = [each for each in played if each.is_debut]
    found += _named(DigestKind.DEBUT, debuts, lambda names, many: f"{names} had {'their' if many else 'a'} debut.")
    back = [each for each in played if each.pause is not None and each.pause >= _PAUSE_OF_COMEBACK]
    found += _named(DigestKind.COMEBACK, back, lambda names, many: f"{names} {'are' if many else 'is'} back.")
    most = max(each.gardened for each in played)
    gardeners = [each for each in played if most and each.gardened == most]
    said = f"took away the most: {number_of(most, 'line')} more than were added."
    return found + _named(DigestKind.GARDENER, gardeners, lambda names, _: f"{names} {said}")


def _named(kind: DigestKind, players: Sequence[Played], said: Callable[[str, bool], str]) -> list[DigestLine]:
    """A line about some players; none about nobody, and of many the first few by name."""
    if not players:
        return []
    shown, others = players[:_MOST_NAMED], len(players[_MOST_NAMED:])
    each = [player.name for player in shown] + ([number_of(others, "other")] if others else [])
    names = " and ".join(filter(None, (", ".join(each[:-1]), each[-1])))
    return [_line(kind, shown, said(names, len(each) > 1))]


def _line(kind: DigestKind, players: Sequence[Played], sentence: str) -> DigestLine:
    return DigestLine(kind=kind, sentence=sentence, player_ids=[player.player_id for player in players])
