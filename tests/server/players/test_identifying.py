"""Finding and making identities: one for an address, one for each name of an address that is nobody's."""

import asyncio
from random import Random

from tests.support.database import count, execute, rows, scalar
from tests.support.players import identities, made_identities
from tgl_server.db.engine import Database
from tgl_server.players.identifying import Author, find_identities, identify_authors

ADA = ("ada@example.com", "Ada")
ADA_LOVELACE = ("ada@example.com", "Ada Lovelace")
BEN = ("ben@example.com", "Ben")


async def test_an_address_is_one_identity_whatever_its_names_are(database: Database) -> None:
    found = await made_identities(database, [ADA, ADA_LOVELACE, BEN])
    assert found[ADA] == found[ADA_LOVELACE] != found[BEN]
    assert await identities(database) == {("ada@example.com", ""), ("ben@example.com", "")}


async def test_an_identity_comes_with_a_provisional_player_of_its_id_and_name(database: Database) -> None:
    found = await made_identities(database, [ADA, BEN])
    players = await rows(database, "SELECT id, name, state, kind, visibility, user_id FROM players ORDER BY name")
    assert [tuple(row) for row in players] == [
        (found[ADA], "Ada", "provisional", "person", "shown", None),
        (found[BEN], "Ben", "provisional", "person", "shown", None),
    ]


async def test_none_at_none_with_23_names_is_23_provisional_players(database: Database) -> None:
    names = [f"somebody {number}" for number in range(23)]
    await made_identities(database, [("none@none", name) for name in names])
    assert {row.name for row in await rows(database, "SELECT name FROM players WHERE state = 'provisional'")} == {
        *names
    }


async def test_an_address_that_somebody_marked_as_shared_has_an_identity_for_each_name(database: Database) -> None:
    before = await made_identities(database, [ADA])
    await execute(database, "INSERT INTO shared_addresses (email) VALUES ('ada@example.com')")
    after = await made_identities(database, [ADA, ADA_LOVELACE, ("ada@example.com", "")])
    assert len({*after.values()}) == 3
    assert after["ada@example.com", ""] == before[ADA]


async def test_making_them_again_changes_nothing(database: Database) -> None:
    first = await made_identities(database, [ADA, ("none@none", "Ada")])
    assert await made_identities(database, [ADA, ADA_LOVELACE, ("none@none", "Ada")]) == {
        **first,
        ADA_LOVELACE: first[ADA],
    }
    assert await count(database, "players") == 2


async def test_finding_makes_none(database: Database) -> None:
    known = await made_identities(database, [ADA])
    async with database.statements() as connection:
        found = await find_identities(connection, [Author(*ADA_LOVELACE), Author(*BEN), Author("none@none", "Ada")])
    assert {author: one.identity_id for author, one in found.items()} == {ADA_LOVELACE: known[ADA]}
    assert await count(database, "identities") == 1


async def test_nobody_asks_for_nothing(database: Database) -> None:
    assert await made_identities(database, []) == {}


async def test_many_who_make_the_same_at_once_make_each_once(database: Database) -> None:
    authors = [Author(f"{number}@example.com", f"name {number}") for number in range(60)]
    authors += [Author("none@none", f"name {number}") for number in range(20)]

    async def make(seed: int) -> None:
        chance = Random(seed)
        for _ in range(5):
            async with database.transaction() as tx:
                assert len(await identify_authors(tx, chance.sample(authors, 40))) == 40

    await asyncio.gather(*(make(seed) for seed in range(4)))
    async with database.transaction() as tx:
        assert len(await identify_authors(tx, authors)) == 80
    assert await count(database, "identities") == 80
    assert await scalar(database, "SELECT count(*) FROM players p JOIN identities i ON i.player_id = p.id") == 80
