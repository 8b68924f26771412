"""The bulk stream: commits of any number in one request, stored in chunks as they arrive."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import pytest

from tests.support.api import Answer, Api
from tests.support.commits import NDJSON, commit, lines_of, numbered, sha_of
from tests.support.database import count, until_query
from tests.support.servers import SYNC_LIMIT, new_client
from tests.support.world import World
from tgl_server.db.engine import Database


async def in_pieces(body: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def stream(api: Api, world: World, body: bytes, **headers: str) -> Answer:
    sent = {**NDJSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await api.request("POST", f"{world.sync_path}/commits/stream", data=in_pieces(body), headers=sent)


async def test_a_stream_is_stored_in_chunks_and_adds_up(api: Api, world: World, database: Database) -> None:
    answer = await stream(api, world, lines_of(numbered(2500)))
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
    assert await count(database, "commits") == 2500


async def test_a_stream_is_one_run_and_leaves_the_repository_healthy(api: Api, world: World) -> None:
    await stream(api, world, lines_of(numbered(1500)))
    status = (await api.get(f"{world.sync_path}/status")).json
    (run,) = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert (status["status"], status["total_commits"]) == ("healthy", 1500)
    assert (run["state"], run["batches"], run["inserted"]) == ("done", 2, 1500)


async def test_a_run_of_the_clients_own_stays_open(api: Api, world: World) -> None:
    run = str(uuid4())
    await stream(api, world, lines_of(numbered(5)), TGL_Run_Id=run)
    found = (await api.get(f"{world.sync_path}/runs")).json["items"][0]
    assert (found["id"], found["state"]) == (run, "running")


async def test_a_compressed_stream_is_expanded_as_it_arrives(api: Api, world: World) -> None:
    answer = await stream(api, world, gzip.compress(lines_of(numbered(1200))), Content_Encoding="gzip")
    assert answer.json["inserted"] == 1200


async def test_what_is_there_is_skipped(api: Api, world: World) -> None:
    await stream(api, world, lines_of(numbered(10)))
    answer = await stream(api, world, lines_of(numbered(15)))
    assert (answer.json["inserted"], answer.json["skipped"]) == (5, 10)


async def test_bad_lines_are_reported_by_their_number_and_spoil_no_other(
    api: Api, world: World, database: Database
) -> None:
    sent = [json.dumps(each).encode() for each in numbered(1100)]
    sent[3] = b"{not json"
    sent[1050] = json.dumps(commit("bad", additions=-1)).encode()
    answer = await stream(api, world, b"\n".join(sent))
    assert (answer.json["inserted"], answer.json["errors"]) == (1098, 2)
    found = [(line["line"], line["sha"], line.get("field")) for line in answer.json["refused"]]
    assert found == [(4, None, None), (1051, sha_of("bad"), "additions")]
    assert await count(database, "commits") == 1098


@pytest.mark.parametrize("body", [b"", b"\n\n\r\n"])
async def test_a_stream_of_nothing_is_nothing(api: Api, world: World, body: bytes) -> None:
    answer = await stream(api, world, body)
    assert (answer.status, answer.json["total"], answer.json["last_ingested_sha"]) == (201, 0, None)


async def test_a_last_line_without_its_end_counts(api: Api, world: World) -> None:
    assert (await stream(api, world, lines_of(numbered(2)).rstrip() + b"\r")).json["inserted"] == 2


async def test_a_line_without_end_is_refused_and_what_came_before_is_kept(
    api: Api, world: World, database: Database
) -> None:
    try:
        answer = await stream(api, world, lines_of(numbered(1000)) + b"x" * (3 * 1024 * 1024))
    except aiohttp.ClientConnectionError:
        pass  # refused while we were still sending
    else:
        assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert await count(database, "commits") == 1000


async def test_another_media_type_is_refused(api: Api, world: World) -> None:
    answer = await api.post(f"{world.sync_path}/commits/stream", {"commits": []})
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")


async def test_a_stream_that_breaks_off_leaves_whole_chunks(api: Api, world: World, database: Database) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield lines_of(numbered(2300))
        raise ConnectionAbortedError

    path = f"{world.sync_path}/commits/stream"
    with pytest.raises((aiohttp.ClientError, ConnectionAbortedError)):
        await api.request("POST", path, data=broken(), headers=NDJSON)
    await until_query(database, "SELECT count(*) >= 2000 FROM commits")
    assert await count(database, "commits") == 2000
    assert (await stream(api, world, lines_of(numbered(2300)))).json["inserted"] == 300


async def test_a_stream_counts_once_for_the_rate_limit(limited: Api, world: World) -> None:
    client = {name.replace("-", "_"): address for name, address in new_client().items()}
    assert (await stream(limited, world, lines_of(numbered(5000)), **client)).json["inserted"] == 5000
    statuses = [(await stream(limited, world, lines_of(numbered(10)), **client)).status for _ in range(SYNC_LIMIT)]
    assert statuses == [201] * (SYNC_LIMIT - 1) + [429]


async def test_a_stream_may_last_longer_than_a_body_may_take(limited: Api, world: World) -> None:
    async def slow() -> AsyncIterator[bytes]:
        for number in range(4):
            yield lines_of([commit(number)])
            await asyncio.sleep(0.5)

    path = f"{world.sync_path}/commits/stream"
    answer = await limited.request("POST", path, data=slow(), headers={**NDJSON, **new_client()})
    assert (answer.status, answer.json["inserted"]) == (201, 4)
