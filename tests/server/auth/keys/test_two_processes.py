"""What one process does to a key acts in another with its next request, however warm the key is there."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.database import execute
from tests.support.people import People, Person, ask, make_key
from tests.support.servers import RunningServer
from tgl_server.db.engine import Database


@pytest.fixture
async def elsewhere(another_server: RunningServer) -> AsyncIterator[Api]:
    """The other process, which forgets a verified key after an hour."""
    async with Api(another_server.url) as api:
        yield api


async def warm_key(person: Person, elsewhere: Api) -> dict[str, Any]:
    key = await make_key(person)
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
    assert (await boss.delete(f"/api-keys/{key['id']}")).status == 200
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
