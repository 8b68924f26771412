"""A `.mailmap`: read, looked at, and then applied as one event."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api import Api
from tests.support.database import count, execute
from tests.support.people import Person
from tests.support.players import mapping, push_authors, until_identified
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.players.mailmap import Entry, read_mailmap

FILE = """# people
Ada Lovelace <ada@new.example> <ada@old.example>
Ada Lovelace <ada@new.example> Countess <team@corp.example>
Ben Booth <ben@e.example>
this is no entry
"""
AUTHORS = [
    ("ada@new.example", "Ada"), ("ada@old.example", "ada"), ("team@corp.example", "Countess"),
    ("team@corp.example", "Cy"), ("ben@e.example", "benb"),
]  # fmt: skip


def test_the_four_forms_of_an_entry_are_read() -> None:
    text = """\ufeff
Proper Name <commit@EMAIL>
<proper@email> <commit@email>  # a comment
Proper Name <proper@email> <commit@email>
  Proper Name  <proper@email> Commit Name <commit@email>
#Not <me@email>
<alone@email>
Odd <a b@c> <>
"""
    assert read_mailmap(text).entries == [
        Entry(2, "commit@email", "", "commit@email", "Proper Name"),
        Entry(3, "commit@email", "", "proper@email", ""),
        Entry(4, "commit@email", "", "proper@email", "Proper Name"),
        Entry(5, "commit@email", "Commit Name", "proper@email", "Proper Name"),
        Entry(8, "", "", "a b@c", "Odd"),
    ]
    assert read_mailmap(text).unreadable == [7]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found = read_mailmap(text)
    assert len(found.entries) + len(found.unreadable) <= len(text.splitlines())


async def apply(boss: Person, **fields: Any) -> Any:
    answer = await boss.post("/mailmap", {"text": FILE, **fields})
    assert answer.status == 200, answer.body
    return answer.json


async def test_a_file_is_looked_at_and_then_exactly_that_is_applied_and_undone(
    api: Api, world: World, boss: Person, database: Database
) -> None:
    await push_authors(api, world, *AUTHORS)
    await until_identified(database)
    before = await mapping(database)
    diff = await apply(boss)
    assert [(each["line"], each["email"], each["name"], each["to_player"]) for each in diff["moves"]] == [
        (2, "ada@old.example", "", "Ada Lovelace"),
        (3, "team@corp.example", "Countess", "Ada Lovelace"),
    ]
    assert (diff["unreadable"], diff["event"], await mapping(database)) == ([5], None, before)
    done = await apply(boss, digest=diff["digest"])
    after = await mapping(database)
    assert (done["moves"], len(after), len({*after.values()})) == (diff["moves"], 5, 3)
    assert {each["name"] for each in (await boss.get("/players")).json["items"]} >= {"Ada Lovelace", "Ben Booth"}
    (player,) = {player for identity, player in after.items() if identity != player}
    await boss.post(f"/players/{player}/split", {"event": done["event"], "reason": "a wrong file"})
    assert {identity: player for identity, player in (await mapping(database)).items() if identity in before} == before


async def test_what_changed_after_the_look_is_not_applied(
    api: Api, world: World, boss: Person, database: Database
) -> None:
    await push_authors(api, world, *AUTHORS[:2])
    await until_identified(database)
    diff = await apply(boss)
    await push_authors(api, world, AUTHORS[2])
    await until_identified(database)
    answer = await boss.post("/mailmap", {"text": FILE, "digest": diff["digest"]})
    assert (answer.status, "look at it again" in answer.json["detail"]) == (409, True)
    assert await count(database, "identity_events") == 0


async def test_what_is_somebodys_with_an_account_stays(
    api: Api, world: World, ada: Person, boss: Person, database: Database
) -> None:
    await push_authors(api, world, ("ada@old.example", "Ada"), ("team@corp.example", "Countess"))
    await until_identified(database)
    own = (await ada.get("/players/me")).json["id"]
    await execute(database, "UPDATE identities SET player_id = CAST(:own AS uuid)", own=own)
    diff = await apply(boss)
    assert [each["problem"] for each in diff["moves"]] == ["It belongs to a player with an account of their own."] * 2
    assert (await apply(boss, digest=diff["digest"]))["event"] is None
