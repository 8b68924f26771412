"""Small bodies that would become gigabytes of Python objects: each format, encoding, place and kind of empty value."""

import asyncio
import gzip
import io
import itertools
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
import psutil
import pytest
import zstandard

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered
from tests.support.servers import RunningServer
from tests.support.world import World

MOST_BYTES = 31 * 1024 * 1024
MOST_GROWTH_MB = 250

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1),
    "zstd": lambda body: zstandard.ZstdCompressor(level=1).compress(body),
}
EMPTY_JSON = [b"[]", b"{}", b"0", b'""', b"null", b"[[]]", b'{"a":[]}']
EMPTY_PACKED = [b"\x80", b"\x90", b"\x00", b"\xa0", b"\xc0", b"\x91\x90", b"\x81\xa1a\x90"]
MARK = "in this place"


def _pairs(places: dict[str, Any], empties: list[bytes]) -> list[tuple[tuple[str, Any], bytes]]:
    """Each kind in the first place, and the first two kinds in each place."""
    (first, *others) = places.items()
    return [(first, empty) for empty in empties] + [(place, empty) for place in others for empty in empties[:2]]


def json_bombs() -> dict[str, bytes]:
    places: dict[str, Any] = {
        "as the commits": {"commits": MARK},
        "beside the commits": {"commits": [commit("a")], "more": MARK},
        "as the version": {"commits": [commit("a")], "client_version": MARK},
        "as the parents": batch(commit("a", parents=MARK)),
        "in an unknown field": batch(commit("a", more=MARK)),
        "in an unknown field of a bad commit": batch(commit("a", more=MARK, additions=-1)),
        "in many bad commits": batch(*(commit(n, more=MARK, additions=-1) for n in range(30))),
    }
    bombs = {}
    for (place, document), empty in _pairs(places, EMPTY_JSON):
        body, times = msgspec.json.encode(document), 30 if "many" in place else 1
        filled = b"[" + b",".join([empty] * (MOST_BYTES // times // (len(empty) + 1))) + b"]"
        bombs[f"{empty.decode()} {place}"] = body.replace(msgspec.json.encode(MARK), filled)
    return bombs


def packed_bombs() -> dict[str, bytes]:
    places: dict[str, Any] = {
        "as the commits": {"commits": MARK},
        "in an unknown field of a bad commit": batch(commit("a", more=MARK, additions=-1)),
    }
    bombs = {}
    for (place, document), empty in _pairs(places, EMPTY_PACKED):
        count = MOST_BYTES // len(empty)
        filled = b"\xdd" + count.to_bytes(4, "big") + empty * count
        bombs[f"{empty!r} {place}"] = msgspec.msgpack.encode(document).replace(msgspec.msgpack.encode(MARK), filled)
    return bombs


async def _push(api: Api, world: World, body: bytes, media_type: str, encoding: str = "") -> int:
    headers = {"Content-Type": media_type, **({"Content-Encoding": encoding} if encoding else {})}
    answer = await api.request("POST", f"{world.sync_path}/commits", data=io.BytesIO(body), headers=headers)
    return answer.status


def _memory(server: RunningServer) -> float:
    """Of the server and its worker, in MB that are theirs alone."""
    main = psutil.Process(server.pid)
    return sum(process.memory_info().rss for process in [main, *main.children()]) / 1e6


async def _peak(server: RunningServer, done: asyncio.Event) -> float:
    peak = 0.0
    while not done.is_set():
        peak = max(peak, _memory(server))
        await asyncio.sleep(0.01)
    return peak


@pytest.mark.parametrize(
    "media_type", [pytest.param("application/json", marks=pytest.mark.slow), "application/msgpack"]
)
async def test_empty_values_do_not_fill_the_memory(
    media_type: str, server: RunningServer, api: Api, world: World
) -> None:
    bombs = json_bombs() if "json" in media_type else packed_bombs()
    await _push(api, world, msgspec.json.encode(batch(commit("warm"))), "application/json")
    before, done = _memory(server), asyncio.Event()
    watching = asyncio.create_task(_peak(server, done))
    for (name, body), encoding in zip(bombs.items(), itertools.cycle(PACK), strict=False):
        status = await _push(api, world, PACK[encoding](body), media_type, encoding)
        assert status in (201, 422), name
    done.set()
    assert await watching - before < MOST_GROWTH_MB


async def test_a_dozen_of_the_largest_batches_wait_for_each_other(
    server: RunningServer, api: Api, world: World
) -> None:
    large = [{**each, "message_body": "b" * 30_000} for each in numbered(1000)]
    bodies = [msgspec.json.encode(batch(*[{**each, "author_name": f"A{n}"} for each in large])) for n in range(12)]
    await _push(api, world, msgspec.json.encode(batch(commit("warm"))), "application/json")
    before, done = _memory(server), asyncio.Event()
    watching = asyncio.create_task(_peak(server, done))
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {world.key}"}) as session:

        async def send(body: bytes) -> int:
            headers = {"Content-Type": "application/json"}
            url = f"{server.url}{world.sync_path}/commits"
            async with session.post(url, data=io.BytesIO(body), headers=headers) as response:
                await response.read()
                return response.status

        statuses = await asyncio.gather(*(send(body) for body in bodies))
    done.set()
    assert set(statuses) <= {201, 503}
    assert 201 in statuses
    assert await watching - before < 500
