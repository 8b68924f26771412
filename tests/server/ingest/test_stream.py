"""The bulk stream: commits of any number in one request, stored in chunks as they arrive."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from sqlalchemy import text

from tests.api import Answer, Api
from tests.commits import commit, numbered, sha_of
from tests.servers import RunningServer
from tests.world import World
from tgl_server.db.engine import Database

NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(commits: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in commits)


async def in_pieces(body: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def stream(api: Api, world: World, body: bytes, **headers: str) -> Answer:
    sent = {**NDJSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await api.request("POST", f"{world.sync_path}/commits/stream", data=in_pieces(body), headers=sent)


async def stored(database: Database) -> int:
    async with database.statements() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM commits")) or 0)


async def test_a_stream_is_stored_in_chunks_and_adds_up(api: Api, world: World, database: Database) -> None:
    answer = await stream(api, world, lines(numbered(2500)))
    assert answer.status == 201
    assert answer.json == {
        "total": 2500,
        "inserted": 2500,
        "skipped": 0,
        "errors": 0,
        "chunks": 3,
        "last_ingested_sha": sha_of(2499),
        "refused": [],
    }
    assert await stored(database) == 2500


async def test_a_stream_is_one_run_and_leaves_the_repository_healthy(api: Api, world: World) -> None:
    await stream(api, world, lines(numbered(1500)))
    status = (await api.get(f"{world.sync_path}/status")).json
    (run,) = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert (status["status"], status["total_commits"]) == ("healthy", 1500)
    assert (run["state"], run["batches"], run["inserted"]) == ("done", 2, 1500)


async def test_a_run_of_the_clients_own_stays_open(api: Api, world: World) -> None:
    run = str(uuid4())
    await stream(api, world, lines(numbered(5)), TGL_Run_Id=run)
    found = (await api.get(f"{world.sync_path}/runs")).json["items"][0]
    assert (found["id"], found["state"]) == (run, "running")


async def test_a_compressed_stream_is_expanded_as_it_arrives(api: Api, world: World) -> None:
    answer = await stream(api, world, gzip.compress(lines(numbered(1200))), Content_Encoding="gzip")
    assert answer.json["inserted"] == 1200


async def test_what_is_there_is_skipped(api: Api, world: World) -> None:
    await stream(api, world, lines(numbered(10)))
    answer = await stream(api, world, lines(numbered(15)))
    assert (answer.json["inserted"], answer.json["skipped"]) == (5, 10)


async def test_bad_lines_are_reported_by_their_number_and_spoil_no_other(
    api: Api, world: World, database: Database
) -> None:
    sent = [json.dumps(each).encode() for each in numbered(1100)]
    sent[3] = b"{not json"
    sent[1050] = json.dumps(commit("bad", additions=-1)).encode()
    answer = await stream(api, world, b"\n".join(sent))
    assert (answer.json["inserted"], answer.json["errors"]) == (1098, 2)
    found = [(line["line"], line["sha"]) for line in answer.json["refused"]]
    assert found == [(4, None), (1051, sha_of("bad"))]
    assert await stored(database) == 1098


@pytest.mark.parametrize("body", [b"", b"\n\n\r\n"])
async def test_a_stream_of_nothing_is_nothing(api: Api, world: World, body: bytes) -> None:
    answer = await stream(api, world, body)
    assert (answer.status, answer.json["total"], answer.json["last_ingested_sha"]) == (201, 0, None)


async def test_a_last_line_without_its_end_counts(api: Api, world: World) -> None:
    assert (await stream(api, world, lines(numbered(2)).rstrip() + b"\r")).json["inserted"] == 2


async def test_a_line_without_end_is_refused_and_what_came_before_is_kept(
    api: Api, world: World, database: Database
) -> None:
    try:
        answer = await stream(api, world, lines(numbered(1000)) + b"x" * (3 * 1024 * 1024))
    except aiohttp.ClientConnectionError:
        pass  # refused while we were still sending
    else:
        assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert await stored(database) == 1000


async def test_another_media_type_is_refused(api: Api, world: World) -> None:
    answer = await api.post(f"{world.sync_path}/commits/stream", {"commits": []})
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")


async def test_a_stream_that_breaks_off_leaves_whole_chunks(api: Api, world: World, database: Database) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield lines(numbered(2300))
        raise ConnectionAbortedError

    path = f"{world.sync_path}/commits/stream"
    with pytest.raises((aiohttp.ClientError, ConnectionAbortedError)):
        await api.request("POST", path, data=broken(), headers=NDJSON)
    async with asyncio.timeout(20):
        while (found := await stored(database)) < 2000:  # noqa: ASYNC110 -- another process has to get there
            await asyncio.sleep(0.05)
    assert found == 2000
    assert (await stream(api, world, lines(numbered(2300)))).json["inserted"] == 300


async def test_a_stream_counts_once_for_the_rate_limit(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    server = start_server(sync_requests_per_minute=2)
    async with Api(server.url, world.key) as api:
        assert (await stream(api, world, lines(numbered(5000)))).json["inserted"] == 5000
        assert (await stream(api, world, lines(numbered(10)))).status == 201
        refused = await stream(api, world, lines(numbered(10)))
        assert refused.status == 429, server.log()


async def test_a_stream_may_last_longer_than_a_body_may_take(
    start_server: Callable[..., RunningServer], world: World
) -> None:
    async def slow() -> AsyncIterator[bytes]:
        for number in range(4):
            yield lines([commit(number)])
            await asyncio.sleep(0.5)

    server = start_server(body_timeout_seconds=1)
    async with Api(server.url, world.key) as api:
        path = f"{world.sync_path}/commits/stream"
        answer = await api.request("POST", path, data=slow(), headers=NDJSON)
    assert (answer.status, answer.json["inserted"]) == (201, 4)
