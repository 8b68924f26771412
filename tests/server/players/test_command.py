"""`tgl-server players` on the command line."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from tests.support.command import Run
from tests.support.players import made_identities, mapping
from tgl_protocol.players import NewClaim
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.players.claims import file_claim
from tgl_server.settings import Settings


async def _prepared(url: str) -> tuple[UUID, UUID, UUID]:
    """Two players, and a claim to the first one's address."""
    database = Database(Settings(database_url=url))
    found = await made_identities(database, [("ada@old.example", "Ada"), ("a@old.example", "Ada L.")])
    async with database.transaction() as tx:
        user = await create_user(tx, "ada@example.com", role=Role.PLAYER, display_name="Ada")
        wish = NewClaim(email="ada@old.example", evidence="my laptop")
        claim = await file_claim(tx, user.id, wish, Actor(user_id=user.id))
        await tx.execute(text("INSERT INTO repo_authors SELECT gen_random_uuid(), 'a@old.example', 'Ada L.'"))
    await database.close()
    one, other = found.values()
    return one, other, claim


async def _mapping(url: str) -> dict[UUID, UUID]:
    database = Database(Settings(database_url=url))
    found = await mapping(database)
    await database.close()
    return found


def test_players_are_listed_merged_split_claimed_and_erased(run: Run, database_url: str, tmp_path: Path) -> None:
    one, other, claim = asyncio.run(_prepared(database_url))
    status, said = run("players", "list", DATABASE_URL=database_url)
    assert (status, str(one) in said, "provisional" in said, "Ada L." in said) == (0, True, True, True)
    status, said = run("players", "merge", str(one), str(other), "--reason", "one person")
    assert (status, asyncio.run(_mapping(database_url))) == (0, {one: one, other: one})
    event = said.split("event ")[1].split(";")[0]
    assert run("players", "split", str(one), "--event", event, "--reason", "two people")[0] == 0
    assert asyncio.run(_mapping(database_url)) == {one: one, other: other}
    status, said = run("players", "claims")
    assert (status, str(claim) in said, "my laptop" in said) == (0, True, True)
    assert run("players", "claims", "--approve", str(claim), "--reason", "hers")[0] == 0
    assert asyncio.run(_mapping(database_url))[one] != one
    status, said = run("players", "claims", "--approve", str(claim), "--reason", "again")
    assert (status, "approved already" in said) == (1, True)
    status, said = run("players", "erase", str(other))
    assert (status, "add --yes" in said) == (1, True)
    status, said = run("players", "erase", str(other), "--yes")
    assert (status, said.startswith("Erased 1 identities")) == (0, True)
    assert "a@old.example" not in run("players", "list", "--json")[1]


def test_suggestions_are_listed_and_dismissed(run: Run, database_url: str, tmp_path: Path) -> None:
    one, two = asyncio.run(_two_of_one_mailbox(database_url))
    status, said = run("players", "suggestions", DATABASE_URL=database_url)
    assert (status, said.count("h6@pm.example"), str(one) in said, str(two) in said) == (0, 2, True, True)
    given = ("--dismiss", str(one), "--dismiss", str(two))
    assert run("players", "suggestions", *given)[0] == 1
    assert run("players", "suggestions", *given, "--reason", "a mailbox of two")[0] == 0
    assert run("players", "suggestions", "--json")[1].split() == ["{", '"suggestions":', "[]", "}"]
    (gone,) = json.loads(run("players", "suggestions", "--dismissed", "--json")[1])["dismissed"]
    assert (gone["reason"], {player["id"] for player in gone["players"]}) == ("a mailbox of two", {str(one), str(two)})
    assert gone["id"] in run("players", "suggestions", "--dismissed")[1]
    assert [run("players", "suggestions", "--take-back", gone["id"])[0] for _ in range(2)] == [0, 1]
    assert run("players", "suggestions")[1].count("h6@pm.example") == 2


async def _two_of_one_mailbox(url: str) -> list[UUID]:
    database = Database(Settings(database_url=url))
    found = await made_identities(database, [("h6@pm.example", "h"), ("h6+git@pm.example", "h")])
    await database.close()
    return list(found.values())


def test_a_mailmap_is_shown_and_then_applied(run: Run, database_url: str, tmp_path: Path) -> None:
    asyncio.run(_prepared(database_url))
    file = tmp_path / ".mailmap"
    file.write_text("Ada Lovelace <ada@old.example> <a@old.example>\nnonsense\n")
    status, said = run("players", "mailmap", str(file), DATABASE_URL=database_url)
    assert (status, "line 2 is no entry" in said, "Ada L. -> Ada Lovelace" in said) == (1, True, True)
    status, said = run("players", "mailmap", str(file), "--yes")
    assert (status, "Applied by event" in said) == (0, True)
    assert len({*asyncio.run(_mapping(database_url)).values()}) == 1
    status, said = run("players", "mailmap", str(file), "--yes")
    assert (status, "Nothing would move" in said) == (0, True)
