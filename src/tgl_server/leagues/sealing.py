"""Sealing the weeks of a season when they have closed, and amending them; under the lock of the season's row.

Rows of the ledger in a sealed week keep their verdicts. Whatever changes one all the same (a claim, a split, a strike,
a repository that goes) calls `reseal`, which adds an amendment for the first week that differs, and seals the weeks
after it anew.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.awards import AwardPeriod
from tgl_protocol.events import EventType, SeasonEvent
from tgl_protocol.seals import SealKind
from tgl_server.audit.service import Actor, record
from tgl_server.events.service import record_event
from tgl_server.leagues import sealing_queries as queries
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.awarding import Given
from tgl_server.leagues.matches_queries import IS_TIMELY
from tgl_server.leagues.playing import Stored, matches_of
from tgl_server.leagues.rules import Dates
from tgl_server.leagues.seals import FIRST, lines_of, points_changed, seal_hash, standings_after
from tgl_server.leagues.settling import awards_given, settle, settle_as_written
from tgl_server.leagues.terms import Reader, ScoredSeason

#: A week is sealed so long after it has closed: what arrived just before may still be on its way into the database.
SETTLING_SECONDS: Final = 300

_Points = list[tuple[UUID, int, int]]


class Why(Struct, frozen=True):
    """Who changes what may be sealed, and for which reason.

    With `holds_matches` sealed matches stay as they are. `struck` are the players whose changes were struck, or are no
    longer: their scores are taken anew even in matches that stay.
    """

    by: Actor = Actor()
    reason: str = ""
    holds_matches: bool = False
    struck: frozenset[UUID] = frozenset()


class Amended(Struct, frozen=True):
    """The first week that was amended, from 0, and the players whose season points are others."""

    week: int
    changes: _Points


async def payload_of(reader: Reader, season: ScoredSeason, week: int, points: _Points | None = None) -> str:
    """What is to be sealed of a week, from 0, as it is stored now."""
    first = season.span.first_day + 7 * week
    which = {"season_id": season.id, "first": first, "last": first + 6}
    each = await _week_points(reader, season) if points is None else points
    return lines_of(
        {
            "player_days": [tuple(row) for row in await reader.execute(queries.DAYS, which)],
            "standings": standings_after(season.rules, season.span.weeks, each, week),
            "fixtures": _match_lines(await matches_of(reader, season.id), week),
            "awards": _award_lines(await awards_given(reader, season.id), week),
            "identities": [tuple(row) for row in await reader.execute(queries.IDENTITIES, which)],
        }
    )


async def season_payload(reader: Reader, season: ScoredSeason) -> str:
    """What is to be sealed of a season as a whole: its last places, and its awards."""
    points = await _week_points(reader, season)
    return lines_of(
        {
            "standings": standings_after(season.rules, season.span.weeks, points, season.span.weeks - 1),
            "awards": _award_lines(await awards_given(reader, season.id), None),
        }
    )


async def seal_due(tx: AsyncSession, season: ScoredSeason, second: int) -> int:
    """Seal the weeks that have closed, if dates are witnessed; how many are sealed now."""
    if season.rules.dates is not Dates.WITNESSED:
        return season.sealed
    due = sum(closes + SETTLING_SECONDS <= second for closes in season.span.closes)
    await _seal_weeks(tx, season, range(season.sealed, due))
    return max(season.sealed, due)


async def seal_all(tx: AsyncSession, season: ScoredSeason) -> None:
    """Seal what is left of a season that closes, and the season."""
    await _seal_weeks(tx, season, range(season.sealed, season.span.weeks))
    seal = await _append(tx, season, SealKind.SEASON, None, await season_payload(tx, season))
    await _tell(tx, season, EventType.SEASON_CLOSED, None, seal)


async def reseal(tx: AsyncSession, season: ScoredSeason, why: Why, *, is_closed: bool = False) -> Amended | None:
    """Amend the sealed weeks that are no longer what was sealed; None if all are."""
    if not season.sealed:
        await settle_as_written(tx, season)
        return None
    await settle(tx, season, season.sealed, holds_matches=why.holds_matches, struck=why.struck)
    holding = {row.week: row.payload for row in await tx.execute(queries.HOLDING, {"season_id": season.id})}
    points = await _week_points(tx, season)
    now = [await payload_of(tx, season, week, points) for week in range(season.sealed)]
    first = next((week for week, payload in enumerate(now) if payload != holding[week]), None)
    await _freeze(tx, season, range(season.sealed))
    if first is None:
        return None
    changes = points_changed(holding[season.sealed - 1], now[-1])
    await _append(tx, season, SealKind.AMEND, first, now[first], why, changes)
    for week in range(first + 1, season.sealed):
        await _append(tx, season, SealKind.WEEK, week, now[week])
    if is_closed:
        await _append(tx, season, SealKind.SEASON, None, await season_payload(tx, season))
    await tx.execute(queries.NOTE_SEALED, {"season_id": season.id, "sealed": season.sealed})
    details = {"week": first + 1, "reason": why.reason, "players": len(changes)}
    await record(tx, why.by.did(LeagueAction.SEASON_AMENDED, "season", season.id, **details))
    return Amended(first, changes)


async def why_moved(tx: AsyncSession, season_id: UUID, identities: Iterable[UUID]) -> Why:
    """Who moved identities last, and how: an approved claim, a merge or a split.

    Sealed matches stay as they are, but for a claim that was filed within 14 days of the identity's first commit that
    counts.
    """
    found = (await tx.execute(queries.LAST_EVENT_OF, {"identities": sorted(identities)})).one_or_none()
    if found is None:
        return Why(Actor(), "Whom commits are credited to has changed")
    is_timely = bool(await tx.scalar(IS_TIMELY, {"event_id": found.id, "season_id": season_id}))
    # The reason of an event may name somebody who hides; commissioners find it by its number.
    said = f"Identities have moved: {found.kind}, event {found.id}"
    return Why(Actor(found.actor_id), said, holds_matches=not is_timely)


async def _seal_weeks(tx: AsyncSession, season: ScoredSeason, weeks: range) -> None:
    if not weeks:
        return
    await settle(tx, season, weeks.stop)
    points = await _week_points(tx, season)
    for week in weeks:
        seal = await _append(tx, season, SealKind.WEEK, week, await payload_of(tx, season, week, points))
        await _tell(tx, season, EventType.WEEK_SEALED, week + 1, seal)
    await _freeze(tx, season, weeks)
    await tx.execute(queries.NOTE_SEALED, {"season_id": season.id, "sealed": weeks.stop})


async def _tell(tx: AsyncSession, season: ScoredSeason, type_: EventType, week: int | None, seal: bytes) -> None:
    """Tell the projects of the league, once each."""
    for row in (await tx.execute(queries.PROJECTS, {"season_id": season.id})).all():
        data = SeasonEvent(league=row.slug, season=row.number, week=week, sha256=seal.hex())
        once = f"{type_}:{season.id}:{week}:{row.project_id}"
        await record_event(tx, type_, data, project_id=row.project_id, once=once)


async def _freeze(tx: AsyncSession, season: ScoredSeason, weeks: range) -> None:
    first = season.span.first_day
    which = {"season_id": season.id, "first": first + 7 * weeks.start, "last": first + 7 * weeks.stop - 1}
    await tx.execute(queries.FREEZE, which)


async def _append(
    tx: AsyncSession,
    season: ScoredSeason,
    kind: SealKind,
    week: int | None,
    payload: str,
    why: Why | None = None,
    changes: _Points | None = None,
) -> bytes:
    """Add a seal to the chain; its hash."""
    last = (await tx.execute(queries.LAST, {"season_id": season.id})).one_or_none()
    previous = FIRST if last is None else last.sha256
    sha256 = seal_hash(season.rules_sha256, previous, payload)
    row: dict[str, Any] = {
        "season_id": season.id,
        "seq": 1 if last is None else last.seq + 1,
        "kind": kind,
        "week": week,
        "payload": payload,
        "previous": previous,
        "sha256": sha256,
        "actor_id": why.by.user_id if why else None,
        "reason": why.reason if why else "",
        "changes": msgspec.json.encode(changes or []).decode(),
    }
    await tx.execute(queries.ADD, row)
    return sha256


def _match_lines(stored: Iterable[Stored], week: int) -> list[tuple[object, ...]]:
    """The matches of a week, byes among them."""
    return [
        (week, each.pair.home, each.pair.away, each.played.home_score, each.played.away_score, each.played.result)
        for each in stored
        if each.pair.week == week and each.played
    ]


def _award_lines(given: Iterable[Given], week: int | None) -> list[tuple[object, ...]]:
    """The awards that were given with the end of a week, or for the season as a whole."""
    return [
        (each.name, each.week, each.player, each.value)
        for each in given
        if (each.name.period is AwardPeriod.SEASON) == (week is None) and week in (None, each.week)
    ]


async def _week_points(reader: Reader, season: ScoredSeason) -> _Points:
    rows = await reader.execute(queries.WEEKS, {"season_id": season.id})
    return [(row.player_id, row.week, row.points) for row in rows]
