"""The fold of events: whatever is merged, split and undone, the table is what the events say, and undoing is exact."""

from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.database import execute, rows
from tests.support.players import made_identities, mapping
from tgl_protocol.players import IdentitySource
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.errors import ApiError, Conflict
from tgl_server.players.fold import Event, Move, fold, later_than, undone
from tgl_server.players.moving import events_after, identities_of, last_event, mapping_at, merge, split_off, undo

IDS = [UUID(int=number) for number in range(6)]
BY = Actor()


@given(st.lists(st.dictionaries(st.sampled_from(IDS), st.sampled_from(IDS), min_size=1), max_size=12))
def test_an_event_undone_restores_the_mapping_before_it(wishes: list[dict[UUID, UUID]]) -> None:
    events: list[Event] = []
    for number, wish in enumerate(wishes, 1):
        before = fold(IDS, events)
        moves = tuple(Move(identity, before[identity], player) for identity, player in wish.items())
        event = Event(number, IdentitySource.MERGE, moves)
        back = tuple(Move(identity, wish[identity], player) for identity, player in undone(event).items())
        assert fold(IDS, [*events, event, Event(number + 1, IdentitySource.SPLIT, back)]) == before
        events.append(event)


def test_what_moved_again_later_stands_in_the_way() -> None:
    first, other, again = (
        Event(number, IdentitySource.MERGE, (Move(IDS[n], IDS[n], IDS[5]),)) for number, n in ((1, 0), (2, 1), (3, 0))
    )
    assert later_than(first, [again, other, first]) == again
    assert later_than(other, [again, other, first]) is None


async def people(database: Database, number: int = 6) -> list[UUID]:
    found = await made_identities(database, [(f"{each}@example.com", f"Name {each}") for each in range(number)])
    return sorted(found.values())


async def act(database: Database, chance: Random, ids: list[UUID]) -> None:
    """One act of a commissioner at random; many of them are refused."""
    async with database.transaction() as tx:
        player, events = chance.choice(ids), await events_after(tx, 0)
        match chance.randrange(3):
            case 0:
                await merge(tx, player, chance.sample(ids, 2), BY, reason="one person")
            case 1:
                theirs = await identities_of(tx, player)
                await split_off(tx, player, chance.sample(theirs, min(1, len(theirs))), BY, reason="two people")
            case _ if events:
                event = chance.choice(events[-3:])
                await undo(tx, event.moves[0].to_player, event.id, BY, reason="a mistake")


@pytest.mark.parametrize("seed", range(3))
async def test_the_table_is_the_fold_after_any_acts(database: Database, seed: int) -> None:
    ids, chance, mappings = await people(database), Random(seed), {}
    for _ in range(40):
        try:
            await act(database, chance, ids)
        except ApiError:
            continue
        async with database.transaction() as tx:
            mappings[await last_event(tx)] = await mapping(database)
    assert len(mappings) > 5
    async with database.transaction() as tx:
        assert await mapping_at(tx) == await mapping(database)
        for event_id, then in mappings.items():
            assert await mapping_at(tx, event_id) == then


async def test_a_split_restores_what_a_merge_of_merged_players_has_joined(database: Database) -> None:
    a, b, c, d, *_ = await people(database)
    async with database.transaction() as tx:
        await merge(tx, a, [b], BY, reason="one person")
        await merge(tx, c, [d], BY, reason="one person")
    before = await mapping(database)
    async with database.transaction() as tx:
        event = await merge(tx, a, [c], BY, reason="a mistake")
    assert {(await mapping(database))[each] for each in (a, b, c, d)} == {a}
    async with database.transaction() as tx:
        await undo(tx, a, event, BY, reason="two people")
    assert await mapping(database) == before
    async with database.transaction() as tx:
        with pytest.raises(Conflict, match=r"has moved some|undone already"):
            await undo(tx, a, event, BY, reason="again")


async def test_an_earlier_event_is_undone_only_after_the_later_ones(database: Database) -> None:
    a, b, c, *_ = await people(database)
    async with database.transaction() as tx:
        first = await merge(tx, a, [b], BY, reason="one person")
        second = await merge(tx, c, [a], BY, reason="one person")
    async with database.transaction() as tx:
        with pytest.raises(Conflict, match=f"Event {second} has moved"):
            await undo(tx, a, first, BY, reason="a mistake")


async def test_events_are_never_changed_or_deleted(database: Database) -> None:
    a, b, *_ = await people(database)
    async with database.transaction() as tx:
        event = await merge(tx, a, [b], BY, reason="one person")
    for statement in ("DELETE FROM identity_events", "UPDATE identity_events SET reason = ''"):
        with pytest.raises(Exception, match="append-only"):
            await execute(database, statement)
    async with database.transaction() as tx:
        (found,) = await events_after(tx, event - 1)
    assert found == Event(event, IdentitySource.MERGE, (Move(b, b, a),))
    assert [row.reason for row in await rows(database, "SELECT reason FROM identity_events")] == ["one person"]
