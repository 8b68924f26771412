"""The players of identities as the fold of events. Pure.

An identity begins with the provisional player that was made with it and has the same id. Each event then moves some,
in the order of the events' ids. Nothing else decides, so the mapping of any moment can be told again.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct

from tgl_protocol.players import IdentitySource


class Move(Struct, frozen=True):
    """An identity that changes its player."""

    identity_id: UUID
    from_player: UUID
    to_player: UUID


class Event(Struct, frozen=True):
    """Identities that changed their players together, and why."""

    id: int
    kind: IdentitySource
    moves: tuple[Move, ...]
    undoes: int | None = None


def fold(identities: Iterable[UUID], events: Iterable[Event]) -> dict[UUID, UUID]:
    """The player of each identity after these events, which are in the order of their ids."""
    players = {identity: identity for identity in identities}
    for event in events:
        players |= {move.identity_id: move.to_player for move in event.moves}
    return players


def undone(event: Event) -> dict[UUID, UUID]:
    """The players that the identities of an event had before it."""
    return {move.identity_id: move.from_player for move in event.moves}


def later_than(event: Event, events: Sequence[Event]) -> Event | None:
    """The first event after this one that moves an identity of it; None if it can be undone as it is."""
    own = {move.identity_id for move in event.moves}
    later = (each for each in events if each.id > event.id)
    found = (each for each in later if not own.isdisjoint(move.identity_id for move in each.moves))
    return min(found, key=lambda each: each.id, default=None)
