"""The pages of addresses and claims: a person claims, a commissioner decides, and who is hidden chose so."""

import re

from tests.support.database import audited, execute, rows, scalar
from tests.support.people import Person
from tests.support.players import made_identities, mapping
from tests.support.servers import RunningServer
from tests.support.shown import text_of
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

ADDRESSES, CLAIMS, JOINED = "/settings/addresses", "/administration/claims", "/administration/joined"
WISH = {"email": "ada@old.example", "name": "", "evidence": "<b>my laptop</b>"}


async def test_a_claim_is_filed_decided_and_seen(
    ada: Person, boss: Person, server: RunningServer, database: Database
) -> None:
    await made_identities(database, [("ada@old.example", "Ada")])
    async with Visitor(server.url) as hers, Visitor(server.url) as theirs:
        await hers.sign_in(ada.email)
        await theirs.sign_in(boss.email)
        assert (await hers.post(ADDRESSES, WISH)).status == 303
        again = await hers.post(ADDRESSES, WISH)
        assert (again.status, b"You have claimed this already" in again.body) == (409, True)
        shown = (await theirs.get(CLAIMS)).body
        assert (b"ada@old.example" in shown, b"&lt;b&gt;my laptop" in shown, b"<b>my" in shown) == (True, True, False)
        claim = await scalar(database, "SELECT id FROM claims")
        assert (await theirs.post(f"{CLAIMS}/{claim}/approve", {"reason": ""})).status == 422
        assert (await theirs.post(f"{CLAIMS}/{claim}/approve", {"reason": "she showed me"})).status == 303
        mine = (await hers.get(ADDRESSES)).body
        assert (b"she showed me" in mine, b"a claim" in mine) == (True, True)
    assert {row.state for row in await rows(database, "SELECT state FROM claims")} == {"approved"}


async def test_a_suggestion_is_merged(boss: Person, server: RunningServer, database: Database) -> None:
    one, other = (await made_identities(database, [("h6@pm.example", "h"), ("h6+git@pm.example", "h")])).values()
    async with Visitor(server.url) as theirs:
        await theirs.sign_in(boss.email)
        assert b"One mailbox" in (await theirs.get(CLAIMS)).body
        fields = {"player": one, "others": [other], "reason": "one mailbox"}
        assert (await theirs.post(f"{CLAIMS}/merge", fields)).status == 303
        assert b"One mailbox" not in (await theirs.get(CLAIMS)).body
    assert await mapping(database) == {one: one, other: one}


async def test_a_suggestion_is_dismissed(boss: Person, server: RunningServer, database: Database) -> None:
    one, other = (await made_identities(database, [("h6@pm.example", "h"), ("h6+git@pm.example", "h")])).values()
    async with Visitor(server.url) as theirs:
        await theirs.sign_in(boss.email)
        fields = {"player": one, "others": [other], "reason": "a mailbox of two"}
        assert (await theirs.post(f"{CLAIMS}/dismiss", fields)).status == 303
        assert b"One mailbox" not in (await theirs.get(CLAIMS)).body
        wrong = await theirs.post(f"{CLAIMS}/dismiss", fields | {"others": [one]})
        assert (wrong.status, b"Name at least two players" in wrong.body) == (422, True)
        again = await boss.post("/players/suggestions/dismiss", {"players": [str(other), str(one)], "reason": "again"})
        assert (again.status, again.json) == (200, {"players": sorted([str(one), str(other)])})
        unknown = await boss.post("/players/suggestions/dismiss", {"players": [str(one), str(boss.id)], "reason": "x"})
        assert unknown.status == 404
        assert await mapping(database) == {one: one, other: other}
        await _is_taken_back(boss, theirs, database, {str(one), str(other)})


async def _is_taken_back(boss: Person, theirs: Visitor, database: Database, players: set[str]) -> None:
    """Once on the page and once by the API, and each is in the audit log."""
    for_api = {"players": sorted(players), "reason": "again"}
    for by_page in (True, False):
        page = (await theirs.get(CLAIMS)).body
        (dismissed,) = (await boss.get("/players/suggestions/dismissed")).json["items"]
        assert ({player["id"] for player in dismissed["players"]}, dismissed["dismissed_by"]) == (players, str(boss.id))
        assert (b"Suggest again" in page, dismissed["reason"].encode() in page) == (True, True)
        if by_page:
            path = f"{CLAIMS}/dismissed/{dismissed['id']}/take-back"
            assert [(await theirs.post(path)).status for _ in range(2)] == [303, 404]
            assert b"One mailbox" in (await theirs.get(CLAIMS)).body
            assert (await boss.post("/players/suggestions/dismiss", for_api)).status == 200
        else:
            path = f"/players/suggestions/dismissed/{dismissed['id']}"
            gone = [await boss.delete(path) for _ in range(2)]
            assert ([answer.status for answer in gone], gone[0].json) == ([200, 404], dismissed)
    assert (await boss.get("/players/suggestions/dismissed")).json == {"items": [], "next_cursor": None}
    page = (await theirs.get(CLAIMS)).body
    assert (b"One mailbox" in page, b"Suggest again" in page) == (True, False)
    entries = await audited(database, "player:suggestion_taken_back")
    succeeded = [entry for entry in entries if entry.outcome == "success"]
    assert [(entry.actor_user_id, set(entry.details["players"])) for entry in succeeded] == [(boss.id, players)] * 2


async def test_what_was_joined_is_undone_and_a_mailmap_is_looked_at_before(
    boss: Person, server: RunningServer, database: Database
) -> None:
    one, other = (await made_identities(database, [("ada@old.example", "Ada"), ("a@old.example", "Ada")])).values()
    await execute(database, "INSERT INTO repo_authors SELECT gen_random_uuid(), 'a@old.example', 'Ada'")
    async with Visitor(server.url) as theirs:
        await theirs.sign_in(boss.email)
        text = "Ada Lovelace <ada@old.example> <a@old.example>\n<b>nonsense\n"
        looked = await theirs.post(f"{JOINED}/mailmap", {"text": text})
        assert (looked.status, b"Line 2 is no entry" in looked.body) == (200, True)
        assert await mapping(database) == {one: one, other: other}
        digest = re.search(rb'name="digest" value="([0-9a-f]+)"', looked.body)
        assert digest is not None
        applied = await theirs.post(f"{JOINED}/mailmap", {"text": text, "digest": digest[1].decode()})
        assert (applied.status, len({*(await mapping(database)).values()})) == (303, 1)
        event = await scalar(database, "SELECT max(id) FROM identity_events")
        assert f"{JOINED}/{event}/undo".encode() in (await theirs.get(JOINED)).body
        assert (await theirs.post(f"{JOINED}/{event}/undo", {"reason": ""})).status == 422
        assert (await theirs.post(f"{JOINED}/{event}/undo", {"reason": "two people"})).status == 303
        assert "Nothing was joined yet" in text_of(await theirs.get(JOINED))
        assert (await theirs.post(f"{JOINED}/{event + 99}/undo", {"reason": "x"})).status == 404
    assert await mapping(database) == {one: one, other: other}


async def test_a_person_chooses_how_others_see_them(ada: Person, server: RunningServer, database: Database) -> None:
    await execute(database, "UPDATE users SET display_name = 'Ada'")
    async with Visitor(server.url) as hers:
        await hers.sign_in(ada.email)
        assert (await hers.post(f"{ADDRESSES}/seen", {"visibility": "pseudonym", "shown_name": ""})).status == 422
        assert (
            await hers.post(f"{ADDRESSES}/seen", {"visibility": "pseudonym", "shown_name": "Enchantress"})
        ).status == 303
        assert b"Enchantress" in (await hers.get(ADDRESSES)).body
    assert await scalar(database, "SELECT visibility FROM players") == "pseudonym"
