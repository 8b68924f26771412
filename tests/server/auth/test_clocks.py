"""A server whose own clock is wrong: what has expired, ended or was revoked, the database says."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.clocks import environment_off_by, find_libfaketime
from tests.support.api import Api
from tests.support.database import execute
from tests.support.people import People, ask, log_in, refresh
from tests.support.servers import RunningServer
from tgl_server.db.engine import Database

LIBRARY = find_libfaketime()
OFF = {"behind": -600, "ahead": 600}

needs_libfaketime = pytest.mark.skipif(
    LIBRARY is None and "CI" not in os.environ, reason="needs libfaketime (Debian's package faketime)"
)


@pytest.fixture(params=OFF)
def wrong(request: pytest.FixtureRequest, start_server: Callable[..., RunningServer]) -> RunningServer:
    """A server whose clock is ten minutes off."""
    assert LIBRARY is not None, "CI has to install the package faketime"
    return start_server(**environment_off_by(LIBRARY, OFF[request.param]))


@needs_libfaketime
async def test_keys_stop_when_the_database_says_so(wrong: RunningServer, people: People, database: Database) -> None:
    ada = await people.make("ada")
    states: dict[str, Any] = {}
    async with Api(wrong.url) as api:
        for name, change in {
            "revoked now": "revoked_at = now()",
            "expired five minutes ago": "expires_at = now() - interval '5 minutes'",
            "expires in five minutes": "expires_at = now() + interval '5 minutes'",
        }.items():
            key = await people.with_key(ada)
            await execute(database, f"UPDATE api_keys SET {change} WHERE revoked_at IS NULL AND expires_at IS NULL")
            answer = await ask(api, key.api.token or "")
            states[name] = answer.json.get("code", answer.status)
    assert states == {
        "revoked now": "revoked_api_key",
        "expired five minutes ago": "expired_api_key",
        "expires in five minutes": 200,
    }


@needs_libfaketime
async def test_a_key_revoked_by_that_server_is_revoked_for_all(
    wrong: RunningServer, server: RunningServer, people: People
) -> None:
    ada = await people.make("ada")
    async with Api(wrong.url, ada.api.token) as there, Api(server.url) as here:
        made = (await there.post("/api/v1/api-keys/", {"name": "laptop", "expires_in_days": 1})).json
        assert (await ask(here, made["full_key"])).status == 200
        assert (await there.request("DELETE", f"/api/v1/api-keys/{made['id']}")).status == 200
        assert (await ask(here, made["full_key"])).status == 401
        assert (await ask(there, made["full_key"])).status == 401
        assert (await there.get(f"/api/v1/api-keys/{made['id']}")).json["state"] == "revoked"


@needs_libfaketime
async def test_the_old_key_of_a_rotation_works_for_the_overlap(
    wrong: RunningServer, server: RunningServer, people: People
) -> None:
    ada = await people.make("ada")
    async with Api(wrong.url, ada.api.token) as there, Api(server.url) as here:
        old = (await there.post("/api/v1/api-keys/", {"name": "laptop"})).json
        new = await there.post(f"/api/v1/api-keys/{old['id']}/rotate", {"overlap_minutes": 5})
        assert new.status == 201
        for api in (there, here):
            assert (await ask(api, old["full_key"])).status == 200


@needs_libfaketime
async def test_sessions_of_that_server_work_everywhere(
    wrong: RunningServer, server: RunningServer, people: People, database: Database
) -> None:
    ada = await people.make("ada")
    async with Api(wrong.url) as there, Api(server.url) as here:
        session = (await log_in(there, ada.email)).json
        for api in (there, here):
            assert (await ask(api, session["access_token"])).status == 200
        session = (await refresh(here, session["refresh_token"])).json
        for api in (there, here):
            assert (await ask(api, session["access_token"])).status == 200
        await execute(database, "UPDATE auth_sessions SET expires_at = now() - interval '1 second'")
        for api in (there, here):
            assert (await ask(api, session["access_token"])).json["code"] == "session_ended"
