"""Reading a season's chain of seals, and verifying it against what is stored."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_protocol.leagues import SeasonState
from tgl_protocol.seals import PointsChanged, SealInfo, SealKind, SealText
from tgl_server import errors
from tgl_server.leagues import sealing_queries as queries
from tgl_server.leagues.naming import names_of_players
from tgl_server.leagues.sealing import payload_of, season_payload
from tgl_server.leagues.seals import FIRST, seal_hash
from tgl_server.leagues.terms import Reader, load_season

_MOST_LINES: Final = 5
_Changes = list[tuple[UUID, int, int]]


class Broken(Struct, frozen=True):
    """Where a season is not what was sealed: the week from 1, or None for the season as a whole."""

    week: int | None
    reason: str
    lines: list[str] = []


class Verified(Struct, frozen=True):
    """What a verification found; `last` is the hash of the last seal, empty without one."""

    seals: int
    weeks: int
    last: str
    broken: list[Broken]


async def list_seals(reader: Reader, season_id: UUID, viewer: UUID | None) -> list[SealInfo]:
    """The seals of a season, the first one first."""
    rows = (await reader.execute(queries.CHAIN, {"season_id": season_id})).mappings().all()
    changes = {row["seq"]: msgspec.json.decode(row["changes"], type=_Changes) for row in rows}
    names = await names_of_players(reader, {each[0] for some in changes.values() for each in some}, viewer)
    return [_info(row, named(changes[row["seq"]], names)) for row in rows]


async def get_seal(reader: Reader, season_id: UUID, seq: int) -> SealText:
    """What a seal was made of; raises `NotFound`."""
    season = await load_season(reader, season_id)
    rows = (await reader.execute(queries.CHAIN, {"season_id": season_id})).mappings()
    row = next((row for row in rows if row["seq"] == seq), None)
    if row is None:
        raise errors.NotFound(f"The season has no seal {seq}.")
    return SealText(
        seq=seq,
        sha256=row["sha256"].hex(),
        previous=row["previous"].hex(),
        rules_sha256=season.rules_sha256.hex(),
        payload=row["payload"],
    )


async def verify_season(reader: Reader, season_id: UUID) -> Verified:
    """Walk the chain, and compare what the last seal of each week holds with what is stored."""
    season = await load_season(reader, season_id)
    rows = (await reader.execute(queries.CHAIN, {"season_id": season_id})).mappings().all()
    broken: list[Broken] = []
    previous = FIRST
    holding: dict[int | None, str] = {}
    for row in rows:
        is_linked = row["previous"] == previous
        if not is_linked or row["sha256"] != seal_hash(season.rules_sha256, row["previous"], row["payload"]):
            broken.append(Broken(_from_one(row["week"]), f"Seal {row['seq']} is not what its hash says"))
        previous = row["sha256"]
        holding[row["week"]] = row["payload"]
    for week in range(season.sealed):
        broken += _compared(week + 1, holding.get(week), await payload_of(reader, season, week))
    if season.state is SeasonState.CLOSED:
        broken += _compared(None, holding.get(None), await season_payload(reader, season))
    return Verified(len(rows), season.sealed, previous.hex() if rows else "", broken)


def named(changes: _Changes, names: dict[UUID, str]) -> list[PointsChanged]:
    """Changes of points with the names of those whom the viewer is shown."""
    return [
        PointsChanged(player_id=player, name=names[player], points_before=before, points_after=after)
        for player, before, after in changes
        if player in names
    ]


def _compared(week: int | None, sealed: str | None, stored: str) -> list[Broken]:
    if sealed is None:
        return [Broken(week, "It is not sealed")]
    if sealed == stored:
        return []
    lines = sorted(set(sealed.splitlines()) ^ set(stored.splitlines()))
    return [Broken(week, "What is stored is not what was sealed", lines[:_MOST_LINES])]


def _info(row: RowMapping, changes: list[PointsChanged]) -> SealInfo:
    return SealInfo(
        seq=row["seq"],
        kind=SealKind(row["kind"]),
        week=_from_one(row["week"]),
        sha256=row["sha256"].hex(),
        previous=row["previous"].hex(),
        at=row["at"],
        actor_id=row["actor_id"],
        reason=row["reason"],
        changes=changes,
    )


def _from_one(week: int | None) -> int | None:
    return None if week is None else week + 1
