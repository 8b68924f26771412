"""Logins with invented addresses, from so many addresses that no limit for a client ends them."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from tests.support.api import Api
from tests.support.people import PASSWORD, People
from tests.support.servers import RunningServer, new_client
from tests.support.waiting import until
from tgl_server.auth.turns import MAX_WAITING

LOGIN = "/api/v1/auth/login"


@asynccontextmanager
async def _flood(url: str) -> AsyncIterator[Counter[int]]:
    """More clients than may wait, each with the next invented address as soon as it is answered."""
    statuses, names = Counter[int](), itertools.count()

    async def log_in(session: aiohttp.ClientSession) -> None:
        while True:
            wrong = {"email": f"invented-{next(names)}@example.com", "password": PASSWORD}
            async with session.post(url + LOGIN, json=wrong) as answer:
                statuses[answer.status] += 1

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        flood = [group.create_task(log_in(session)) for _ in range(MAX_WAITING + 16)]
        await until(lambda: statuses[503])
        yield statuses
        for client in flood:
            client.cancel()


async def test_a_flood_of_invented_logins_leaves_the_server_to_those_it_knows(
    start_server: Callable[..., RunningServer], people: People
) -> None:
    """Neither known networks nor running sessions nor newcomers wait behind it."""
    server = start_server(trusted_proxies="127.0.0.1", argon2_memory_kib=19_456, argon2_time_cost=2)
    ada, home = await people.make("ada"), new_client()
    right = {"email": ada.email, "password": PASSWORD}
    async with Api(server.url) as api, Api(server.url, ada.api.token) as session:
        assert (await api.post(LOGIN, right, headers=home)).status == 200
        async with _flood(server.url) as statuses:
            for n in range(3):
                new = {"email": f"newcomer-{n}@example.com", "password": PASSWORD}
                change = {"current_password": "not the password", "new_password": PASSWORD}
                answers = [
                    await api.post(LOGIN, right, headers=home),
                    await api.post("/api/v1/auth/register", new),
                    await session.post("/api/v1/api-keys/", {"name": "ci"}),
                    await session.post("/api/v1/auth/password", change),
                ]
                assert [answer.status for answer in answers] == [200, 201, 201, 403]
    assert statuses.keys() == {401, 503}
