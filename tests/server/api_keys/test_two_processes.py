"""What one process does to a key acts in another with its next request, however warm the key is there."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.api import Api
from tests.server.asking import ask, execute
from tests.server.people import People, Person
from tests.servers import RunningServer, running_server
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database


@pytest.fixture(scope="module")
def other_server(migrated_url: str) -> Iterator[RunningServer]:
    """Another process on the same database, which forgets a verified key after an hour."""
    with running_server(database_url=migrated_url, api_key_memory_seconds=3600) as server:
        yield server


@pytest.fixture
async def elsewhere(other_server: RunningServer, database_url: str) -> AsyncIterator[Api]:
    async with Api(other_server.url) as api:
        yield api


@pytest.fixture
async def boss(people: People) -> Person:
    return await people.make("boss", Role.COMMISSIONER)


async def warm_key(person: Person, elsewhere: Api) -> dict[str, Any]:
    key: dict[str, Any] = (await person.post("/api-keys", {"name": "ci"})).json
    for _ in range(3):
        assert (await ask(elsewhere, key["full_key"])).status == 200
    return key


async def test_the_memory_of_a_key_is_warm(boss: Person, elsewhere: Api, database: Database) -> None:
    """A hash that the process has never verified is not recognised: so it is the memory that answers below."""
    key = await warm_key(boss, elsewhere)
    await execute(database, "UPDATE api_keys SET key_hash = '$argon2id$v=19$m=1024,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA'")
    assert (await ask(elsewhere, key["full_key"])).json["code"] == "invalid_api_key"


async def test_a_key_revoked_in_one_process_is_refused_by_the_other(boss: Person, elsewhere: Api) -> None:
    key = await warm_key(boss, elsewhere)
    assert (await boss.delete(f"/api-keys/{key['id']}")).status == 204
    refused = await ask(elsewhere, key["full_key"])
    assert (refused.status, refused.json["code"]) == (401, "revoked_api_key")


async def test_a_key_paused_in_one_process_pauses_in_the_other(boss: Person, elsewhere: Api) -> None:
    key = await warm_key(boss, elsewhere)
    await boss.patch(f"/api-keys/{key['id']}", {"is_active": False})
    assert (await ask(elsewhere, key["full_key"])).json["code"] == "inactive_api_key"
    await boss.patch(f"/api-keys/{key['id']}", {"is_active": True})
    assert (await ask(elsewhere, key["full_key"])).status == 200


async def test_fewer_scopes_act_in_the_other_process(boss: Person, elsewhere: Api) -> None:
    key = await warm_key(boss, elsewhere)
    await boss.patch(f"/api-keys/{key['id']}", {"scopes": "read:repos"})
    assert (await ask(elsewhere, key["full_key"])).json["scopes"] == "read:repos"


async def test_a_rotated_key_stops_in_the_other_process_when_its_overlap_is_over(boss: Person, elsewhere: Api) -> None:
    key = await warm_key(boss, elsewhere)
    new = (await boss.post(f"/api-keys/{key['id']}/rotate", {"overlap_minutes": 0})).json
    assert (await ask(elsewhere, key["full_key"])).json["code"] == "expired_api_key"
    assert (await ask(elsewhere, new["full_key"])).status == 200


async def test_a_retired_owners_key_stops_in_the_other_process(boss: Person, people: People, elsewhere: Api) -> None:
    ada = await people.make("ada")
    key = await warm_key(ada, elsewhere)
    await boss.patch(f"/users/{ada.id}", {"state": "retired"})
    assert (await ask(elsewhere, key["full_key"])).json["code"] == "account_not_active"
