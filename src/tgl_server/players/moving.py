"""Moving identities between players: the one place that writes events, and the mapping with them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.players import IdentitySource, PlayerState, Split
from tgl_protocol.problem import FieldError
from tgl_server.audit.service import Actor, record
from tgl_server.errors import Conflict, InvalidBody, NotFound
from tgl_server.players import moving_queries as queries
from tgl_server.players.actions import PlayerAction
from tgl_server.players.fold import Event, Move, fold, later_than, undone
from tgl_server.players.identifying import Reader

_SERVER = Actor()


async def move(
    tx: AsyncSession,
    players: Mapping[UUID, UUID],
    kind: IdentitySource,
    by: Actor,
    *,
    reason: str = "",
    undoes: int | None = None,
) -> int | None:
    """Give identities to players, as one event; its id, or None if they have these players already.

    Call it after all else that makes rows: it holds off every other event until the transaction ends.
    """
    await tx.execute(queries.LOCK_EVENTS)
    rows = await tx.execute(queries.PLAYERS_OF, {"identities": sorted(players)})
    moves = [Move(row.id, row.player_id, players[row.id]) for row in rows if players[row.id] != row.player_id]
    if not moves:
        return None
    given: dict[str, Any] = {
        "kind": kind,
        "identities": [move.identity_id for move in moves],
        "to_players": [move.to_player for move in moves],
    }
    froms = [move.from_player for move in moves]
    event = {**given, "from_players": froms, "actor_id": by.user_id, "reason": reason, "undoes": undoes}
    event_id: int = await tx.scalar(queries.ADD_EVENT, event)
    await tx.execute(queries.MOVE, given)
    return event_id


async def merge(tx: AsyncSession, player_id: UUID, others: Iterable[UUID], by: Actor, *, reason: str) -> int:
    """Give a player all identities of others, who are the same person; the event's id.

    Raises `Conflict` for a player of an account among the others, which would lose what is theirs, for one who is
    erased, and if there is nothing to move.
    """
    ids = sorted({player_id, *others})
    rows = await _lock_players(tx, ids)
    for row in rows.values():
        if row["state"] == PlayerState.ERASED:
            raise Conflict("One of these players is erased; nothing can be joined with them.")
        if row["id"] != player_id and row["user_id"] is not None:
            raise Conflict("One of these players has an account: merge the other way round, into theirs.")
    await tx.execute(queries.LOCK_EVENTS)
    identities = [each for other in ids if other != player_id for each in await identities_of(tx, other)]
    event_id = await move(tx, dict.fromkeys(identities, player_id), IdentitySource.MERGE, by, reason=reason)
    if event_id is None:
        raise Conflict("These players have no identity that could be moved.")
    moved = len(identities)
    await record(tx, by.did(PlayerAction.PLAYERS_MERGED, "player", player_id, event=event_id, identities=moved))
    return event_id


async def split(tx: AsyncSession, player_id: UUID, wish: Split, by: Actor) -> int:
    """Take away identities, or what an event has done; raises a 422 error unless exactly one of them is named."""
    if (wish.event is None) == (not wish.identities):
        message = "Name some identities, or an event"
        raise InvalidBody(f"{message}, and not both.", errors=[FieldError(message, field="identities")])
    if wish.event is not None:
        return await undo(tx, player_id, wish.event, by, reason=wish.reason)
    return await split_off(tx, player_id, wish.identities, by, reason=wish.reason)


async def split_off(tx: AsyncSession, player_id: UUID, identities: Iterable[UUID], by: Actor, *, reason: str) -> int:
    """Take identities away from a player, each for the provisional player that it came with; the event's id."""
    await _lock_players(tx, [player_id])
    await tx.execute(queries.LOCK_EVENTS)
    wanted = {*identities}
    if not wanted <= {*await identities_of(tx, player_id)}:
        raise Conflict("Not all of these identities are this player's; look at them again.")
    event_id = await move(tx, {each: each for each in wanted}, IdentitySource.SPLIT, by, reason=reason)
    if event_id is None:
        raise Conflict("These identities have no other player to go back to.")
    await record(tx, by.did(PlayerAction.PLAYER_SPLIT, "player", player_id, event=event_id, identities=len(wanted)))
    return event_id


async def undo(tx: AsyncSession, player_id: UUID, event_id: int, by: Actor, *, reason: str) -> int:
    """Restore the players that an event has changed, exactly as they were before it; the id of the new event.

    Raises `Conflict` if a later event moved one of its identities again: that one has to be undone first.
    """
    await tx.execute(queries.LOCK_EVENTS)
    event = await _event(tx, event_id)
    if all(move.to_player != player_id for move in event.moves):
        raise NotFound("This player has no such event.")
    later = later_than(event, await events_of(tx, [move.identity_id for move in event.moves]))
    if later is not None:
        raise Conflict(f"Event {later.id} has moved some of these identities since; split that one first.")
    found = await move(tx, undone(event), IdentitySource.SPLIT, by, reason=reason, undoes=event.id)
    if found is None:
        raise Conflict("This event has been undone already.")
    await record(tx, by.did(PlayerAction.PLAYER_SPLIT, "player", player_id, event=found, undoes=event.id))
    return found


async def undo_event(tx: AsyncSession, event_id: int, by: Actor, *, reason: str) -> int:
    """`undo` for whichever player an event gave identities to; raises `NotFound` as well."""
    event = await _event(tx, event_id)
    return await undo(tx, event.moves[0].to_player, event_id, by, reason=reason)


async def identities_of(reader: Reader, player_id: UUID) -> list[UUID]:
    """The ids of a player's identities."""
    return list((await reader.execute(queries.IDENTITIES_OF_PLAYER, {"player_id": player_id})).scalars())


async def events_after(reader: Reader, after: int, until: int | None = None) -> list[Event]:
    """The events after an id, in their order; a reader that has seen one has seen all before it."""
    return _events((await reader.execute(queries.EVENTS, {"after": after, "until": until})).mappings())


async def events_of(reader: Reader, identities: Iterable[UUID]) -> list[Event]:
    """All events that moved one of these identities, in their order."""
    return _events((await reader.execute(queries.EVENTS_OF, {"identities": list(identities)})).mappings())


async def last_event(reader: Reader) -> int:
    """The id of the last event, 0 without one: with it, `mapping_at` tells the mapping of now again later."""
    return int((await reader.execute(queries.LAST_EVENT)).scalar_one())


async def mapping_at(reader: Reader, event_id: int | None = None) -> dict[UUID, UUID]:
    """The player of each identity as it was after an event; None is now."""
    identities = (await reader.execute(queries.IDENTITIES)).scalars().all()
    return fold(identities, await events_after(reader, 0, event_id))


async def player_of_user(tx: AsyncSession, user_id: UUID) -> UUID:
    """The player of an account, made on first use."""
    await tx.execute(queries.MAKE_PLAYER, {"id": uuid7(), "user_id": user_id})
    found: UUID = (await tx.execute(queries.PLAYER_OF_USER, {"user_id": user_id})).scalar_one()
    return found


async def join_accounts(tx: AsyncSession) -> int:
    """Give accounts the identities of the addresses that they proved; the number of these.

    Only identities that nobody has moved yet: what a claim or a split has decided stays.
    """
    users = {row.user_id for row in await tx.execute(queries.JOINABLE)}
    if not users:
        return 0
    owners = {user_id: await player_of_user(tx, user_id) for user_id in sorted(users)}
    # Somebody may have moved one meanwhile; from here on nobody can.
    await tx.execute(queries.LOCK_EVENTS)
    rows = await tx.execute(queries.JOINABLE)
    wanted = {row.id: owners[row.user_id] for row in rows if row.user_id in owners}
    event_id = await move(tx, wanted, IdentitySource.ACCOUNT, _SERVER, reason="the account's own address")
    if event_id is None:
        return 0
    entry = _SERVER.did(PlayerAction.IDENTITY_JOINED, "player", None, event=event_id, identities=len(wanted))
    await record(tx, entry)
    return len(wanted)


async def _lock_players(tx: AsyncSession, ids: list[UUID]) -> dict[UUID, RowMapping]:
    rows = {row["id"]: row for row in (await tx.execute(queries.LOCK_PLAYERS, {"ids": ids})).mappings()}
    if len(rows) < len(ids):
        raise NotFound("There is no such player.")
    return rows


async def _event(reader: Reader, event_id: int) -> Event:
    found = await events_after(reader, event_id - 1, event_id)
    if not found:
        raise NotFound("There is no such event.")
    return found[0]


def _events(rows: Iterable[RowMapping]) -> list[Event]:
    return [
        Event(
            row["id"],
            IdentitySource(row["kind"]),
            tuple(map(Move, row["identities"], row["from_players"], row["to_players"])),
            row["undoes"],
        )
        for row in rows
    ]
