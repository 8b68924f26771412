"""Reading players, identities and claims, with the names that the reader may see."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.players import (
    ClaimInfo,
    ClaimPage,
    ClaimState,
    IdentityEventInfo,
    IdentityEventList,
    IdentityInfo,
    IdentityKind,
    IdentityPage,
    IdentitySource,
    OwnPlayer,
    PlayerInfo,
    PlayerPage,
    PlayerState,
)
from tgl_server.access.names import name_for_others
from tgl_server.errors import NotFound
from tgl_server.http.pagination import cut_page, decode_cursor
from tgl_server.players import reading_queries as queries
from tgl_server.players.bots import is_bot
from tgl_server.players.identifying import Reader
from tgl_server.players.moving import player_of_user

_OWN_CLAIMS = 50
_OWN_IDENTITIES = 500
_JOINS = 50


class Join(Struct, frozen=True, kw_only=True):
    """An event that gave a number of identities to players, who are named as the reader may see them."""

    id: int
    at: datetime
    kind: IdentitySource
    reason: str
    identities: int
    players: list[str]


async def list_identities(
    reader: Reader,
    viewer: UUID | None,
    *,
    owner_id: UUID | None = None,
    player_id: UUID | None = None,
    words: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> IdentityPage:
    """One page of identities, the newest first: all of them, of an account, or of a player."""
    asked = {"owner_id": owner_id, "player_id": player_id, "words": words, "viewer": viewer}
    rows, next_cursor = await _page(reader, queries.IDENTITIES_PAGE, asked, "id", limit, cursor)
    return IdentityPage([identity_info(row, viewer) for row in rows], next_cursor)


async def get_identity(reader: Reader, identity_id: UUID, viewer: UUID | None) -> IdentityInfo:
    """One identity; raises `NotFound`."""
    row = (await reader.execute(queries.ONE_IDENTITY, {"identity_id": identity_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such identity.")
    return identity_info(row, viewer)


async def list_players(
    reader: Reader,
    viewer: UUID | None,
    *,
    state: PlayerState | None = None,
    words: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> PlayerPage:
    """One page of players who have an identity or an account, the newest first."""
    asked = {"state": state, "words": words, "viewer": viewer}
    rows, next_cursor = await _page(reader, queries.PLAYERS_PAGE, asked, "player_id", limit, cursor)
    return PlayerPage([player_info(row, viewer) for row in rows], next_cursor)


async def players_by_id(reader: Reader, ids: list[UUID], viewer: UUID | None) -> dict[UUID, PlayerInfo]:
    """Those of these players that are there."""
    rows = (await reader.execute(queries.PLAYERS, {"ids": ids})).mappings()
    return {row["player_id"]: player_info(row, viewer) for row in rows}


async def get_player(reader: Reader, player_id: UUID, viewer: UUID | None) -> PlayerInfo:
    """One player; raises `NotFound`."""
    found = await players_by_id(reader, [player_id], viewer)
    if player_id not in found:
        raise NotFound("There is no such player.")
    return found[player_id]


async def own_player(tx: AsyncSession, user_id: UUID) -> OwnPlayer:
    """The player of an account, made on first use, with identities and claims."""
    player_id = await player_of_user(tx, user_id)
    row = (await tx.execute(queries.PLAYERS, {"ids": [player_id]})).mappings().one()
    identities = await list_identities(tx, user_id, player_id=player_id, limit=_OWN_IDENTITIES)
    claims = await list_claims(tx, user_id, owner_id=user_id, limit=_OWN_CLAIMS)
    return OwnPlayer(
        id=player_id,
        name=row["called"],
        visibility=row["visibility"],
        shown_name=row["shown_name"],
        identities=identities.items,
        claims=claims.items,
    )


async def list_claims(
    reader: Reader,
    viewer: UUID | None,
    *,
    owner_id: UUID | None = None,
    state: ClaimState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> ClaimPage:
    """One page of claims, the newest first: all of them, or those of an account."""
    asked = {"owner_id": owner_id, "state": state}
    rows, next_cursor = await _page(reader, queries.CLAIMS_PAGE, asked, "id", limit, cursor)
    return ClaimPage([_claim(row, viewer) for row in rows], next_cursor)


async def get_claim(reader: Reader, claim_id: UUID, viewer: UUID | None) -> ClaimInfo:
    """One claim; raises `NotFound`."""
    row = (await reader.execute(queries.ONE_CLAIM, {"claim_id": claim_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such claim.")
    return _claim(row, viewer)


async def list_events(reader: Reader, player_id: UUID) -> IdentityEventList:
    """The last events that moved identities to a player or away from them, the newest first."""
    rows = (await reader.execute(queries.EVENTS_OF_PLAYER, {"player_id": player_id})).mappings()
    fields = IdentityEventInfo.__struct_fields__
    return IdentityEventList([IdentityEventInfo(**{name: row[name] for name in fields}) for row in rows])


async def last_joins(reader: Reader, viewer: UUID | None) -> list[Join]:
    """The last 50 events that joined identities and were not undone, the newest first."""
    rows = (await reader.execute(queries.LAST_JOINS, {"limit": _JOINS})).mappings().all()
    players = await players_by_id(reader, sorted({each for row in rows for each in row["to_players"]}), viewer)
    names = {id_: player.name for id_, player in players.items()}
    return [
        Join(
            id=row["id"],
            at=row["at"],
            kind=IdentitySource(row["kind"]),
            reason=row["reason"],
            identities=row["identities"],
            players=sorted({names.get(each) or "(no name)" for each in row["to_players"]}),
        )
        for row in rows
    ]


async def _page(
    reader: Reader, query: Any, asked: dict[str, Any], key: str, limit: int, cursor: str | None
) -> tuple[list[RowMapping], str | None]:
    after = decode_cursor(cursor, tuple[UUID])[0] if cursor else None
    rows = (await reader.execute(query, {**asked, "after": after, "limit": limit + 1})).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row[key],))
    return list(page), next_cursor


def identity_info(row: RowMapping, viewer: UUID | None) -> IdentityInfo:
    """An identity as a viewer may see it; of one that is not shown, neither address nor names."""
    other = _other_name(row, viewer)
    kind, names = IdentityKind(row["kind"]), list(row["names"])
    return IdentityInfo(
        id=row["id"],
        email=row["email"] if other is None else "",
        name=row["name"] if other is None else "",
        names=names if other is None else [],
        kind=kind,
        is_bot=any(is_bot(kind, row["email"], name) for name in names or [row["name"]]),
        source=row["source"],
        player_id=row["player_id"],
        player=row["called"] if other is None else other,
        is_claimed=row["user_id"] is not None,
    )


def player_info(row: RowMapping, viewer: UUID | None) -> PlayerInfo:
    """A player as a viewer may see them."""
    other = _other_name(row, viewer)
    return PlayerInfo(
        id=row["player_id"],
        name=row["called"] if other is None else other,
        kind=row["kind"],
        state=row["state"],
        visibility=row["visibility"],
        has_account=row["user_id"] is not None,
        identities=row["identities"],
    )


def _other_name(row: RowMapping, viewer: UUID | None) -> str | None:
    if row["user_id"] is not None and row["user_id"] == viewer:
        return None
    return name_for_others(row["state"], row["visibility"], row["shown_name"])


def _claim(row: RowMapping, viewer: UUID | None) -> ClaimInfo:
    is_anothers = row["owner_id"] is not None and row["owner_id"] != row["user_id"]
    other = name_for_others(row["owner_state"], row["visibility"], row["shown_name"])
    owner = row["owner"] if other is None or row["owner_id"] == viewer else other
    plain = {name: row[name] for name in ClaimInfo.__struct_fields__ if name != "belongs_to"}
    return ClaimInfo(**plain, belongs_to=owner if is_anothers else None)
