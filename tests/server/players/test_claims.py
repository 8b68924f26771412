"""Claims over HTTP: filed, approved, refused and withdrawn, and what then belongs to whom."""

from typing import Any

import pytest

from tests.support.database import audited, count, execute
from tests.support.people import People, Person
from tests.support.players import made_identities, mapping
from tgl_protocol.players import MAX_WAITING_CLAIMS
from tgl_server.db.engine import Database

OLD = {"email": "Ada@old.example", "evidence": "my laptop's address until March"}


async def file(person: Person, **fields: Any) -> Any:
    answer = await person.post("/claims", {**OLD, **fields})
    assert answer.status == 201, answer.body
    return answer.json


async def addresses(person: Person) -> list[str]:
    return [identity["email"] for identity in (await person.get("/players/me")).json["identities"]]


async def test_an_approved_claim_makes_the_address_the_claimants(ada: Person, boss: Person, database: Database) -> None:
    await made_identities(database, [("ada@old.example", "Ada")])
    claim = await file(ada)
    assert (claim["state"], claim["email"], claim["belongs_to"]) == ("waiting", "ada@old.example", None)
    assert await addresses(ada) == []
    assert [each["user"] for each in (await boss.get("/claims?state=waiting")).json["items"]] == ["Ada"]
    answer = await boss.post(f"/claims/{claim['id']}/approve", {"reason": "she showed me"})
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (200, "approved", "she showed me")
    assert await addresses(ada) == ["ada@old.example"]
    (entry,) = await audited(database, "claim:approved")
    assert "old.example" not in str(entry.details)


async def test_a_refused_claim_leaves_all_as_it_is_and_says_why(ada: Person, boss: Person, database: Database) -> None:
    claim = await file(ada)
    before = await mapping(database)
    assert (await boss.post(f"/claims/{claim['id']}/refuse", {"reason": "that is Grace's"})).status == 200
    assert await mapping(database) == before
    (mine,) = (await ada.get("/claims")).json["items"]
    assert (mine["state"], mine["reason"]) == ("refused", "that is Grace's")
    again = await boss.post(f"/claims/{claim['id']}/approve", {"reason": "or is it"})
    assert (again.status, again.json["detail"]) == (409, "This claim is refused already.")
    assert (await boss.post(f"/claims/{(await file(ada))['id']}/approve", {"reason": ""})).status == 422


async def test_a_claim_takes_all_of_a_player_without_an_account_and_one_of_a_player_with_one(
    ada: Person, boss: Person, people: People, database: Database
) -> None:
    found = await made_identities(database, [(f"{name}@old.example", name) for name in ("ada", "a", "b")])
    one, other, third = found.values()
    await boss.post(f"/players/{one}/merge", {"players": [str(other), str(third)], "reason": "one person"})
    await boss.post(f"/claims/{(await file(ada))['id']}/approve", {"reason": "hers"})
    assert sorted(await addresses(ada)) == ["a@old.example", "ada@old.example", "b@old.example"]
    ben = await people.make("ben")
    claim = await file(ben, email="b@old.example")
    assert claim["belongs_to"] == "Ada"
    await boss.post(f"/claims/{claim['id']}/approve", {"reason": "his after all"})
    assert (await addresses(ben), len(await addresses(ada))) == (["b@old.example"], 2)


async def test_only_the_claimant_sees_and_withdraws_a_claim(ada: Person, people: People) -> None:
    claim, ben = await file(ada), await people.make("ben")
    assert (await ben.get("/claims")).json["items"] == []
    assert (await ben.post(f"/claims/{claim['id']}/withdraw", None)).status == 404
    assert (await ada.post(f"/claims/{claim['id']}/withdraw", None)).json["state"] == "withdrawn"
    assert (await ada.post(f"/claims/{claim['id']}/withdraw", None)).status == 409


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"email": ""}, 422, "email"),
        ({"email": "a\u202e@b.c"}, 422, "email"),
        ({"email": "none@none"}, 422, "name"),
        ({"email": "x" * 400}, 422, "email"),
        ({"evidence": "x" * 3000}, 422, "evidence"),
    ],
)
async def test_what_cannot_be_claimed_is_refused(ada: Person, fields: Any, status: int, field: str) -> None:
    answer = await ada.post("/claims", {**OLD, **fields})
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (status, [field])


async def test_one_address_is_claimed_once_and_not_by_its_owner_and_only_so_many_wait(
    ada: Person, boss: Person, database: Database
) -> None:
    claim = await file(ada)
    assert (await ada.post("/claims", OLD)).status == 409
    await boss.post(f"/claims/{claim['id']}/approve", {"reason": "hers"})
    assert (await ada.post("/claims", OLD)).json["detail"] == "This address is yours already."
    for number in range(MAX_WAITING_CLAIMS):
        await file(ada, email=f"{number}@old.example")
    assert (await ada.post("/claims", {"email": "more@old.example"})).status == 409
    assert await count(database, "claims") == MAX_WAITING_CLAIMS + 1


async def test_a_name_of_a_shared_address_is_claimed_alone(ada: Person, boss: Person, database: Database) -> None:
    await made_identities(database, [("none@none", "Ada"), ("none@none", "Ben")])
    claim = await file(ada, email="none@none", name="Ada")
    await boss.post(f"/claims/{claim['id']}/approve", {"reason": "hers"})
    (mine,) = (await ada.get("/identities")).json["items"]
    assert (mine["email"], mine["name"], mine["source"]) == ("none@none", "Ada", "claim")


async def test_a_claim_does_not_tell_whose_the_address_is_if_they_are_hidden(
    ada: Person, boss: Person, people: People, database: Database
) -> None:
    await boss.post(f"/claims/{(await file(ada))['id']}/approve", {"reason": "hers"})
    await execute(database, "UPDATE players SET visibility = 'hidden' WHERE user_id = :ada", ada=ada.id)
    ben = await people.make("ben")
    assert (await file(ben))["belongs_to"] == "somebody hidden"
