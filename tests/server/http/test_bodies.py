"""Bodies that expand, are cut off, lie about themselves, or arrive a byte at a time."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import psutil
import pytest
import zstandard

from tests.support.api import Answer, Api
from tests.support.commits import batch, commit
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_protocol.keys import generate_api_key
from tgl_server.settings import Settings

LIMIT = Settings().max_body_bytes
JSON = {"Content-Type": "application/json"}


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data)


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


CODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [("gzip", _gzip), ("zstd", _zstd)]
both = pytest.mark.parametrize(("coding", "compress"), CODINGS)


async def _push(api: Api, world: World, body: bytes | AsyncIterator[bytes], coding: str = "identity") -> Answer:
    headers = {**JSON, "Content-Encoding": coding}
    return await api.request("POST", f"{world.sync_path}/commits", data=body, headers=headers)


@pytest.fixture
async def small(start_server: Callable[..., RunningServer], world: World) -> AsyncIterator[tuple[RunningServer, Api]]:
    """A server of this test alone, and a caller: what a server that many tests share has grown to says nothing."""
    server = start_server()
    async with Api(server.url, world.key) as api:
        yield server, api


def _memory(server: RunningServer) -> int:
    """Of the server's processes, in MB."""
    process = psutil.Process(server.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) // 2**20


@both
async def test_a_bomb_is_refused_before_it_has_gone_off(
    small: tuple[RunningServer, Api], world: World, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    server, api = small
    bomb = compress(b"[" + b" " * (8 * LIMIT))
    assert 1000 * len(bomb) < 8 * LIMIT or coding == "gzip"
    before = _memory(server)
    answer = await _push(api, world, bomb, coding)
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert _memory(server) - before < 3 * LIMIT // 2**20


@both
async def test_bombs_at_once_do_not_fill_the_memory(
    small: tuple[RunningServer, Api], world: World, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    server, api = small
    bomb = compress(b"[" + b" " * (2 * LIMIT))
    before = _memory(server)
    answers = await asyncio.gather(*(_push(api, world, bomb, coding) for _ in range(20)))
    assert {answer.status for answer in answers} == {413}
    assert _memory(server) - before < 10 * LIMIT // 2**20, "half of what each of them may hold"


@both
async def test_a_stranger_s_bomb_is_not_looked_at(
    server: RunningServer, world: World, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    async with Api(server.url, generate_api_key().full_key) as unauthenticated:
        answer = await _push(unauthenticated, world, compress(b" " * LIMIT), coding)
    assert (answer.status, answer.json["code"]) == (401, "invalid_api_key")


async def test_a_stranger_s_endless_body_is_not_read(server: RunningServer) -> None:
    """The answer comes while the body is still to come, and then the connection is closed."""
    async with _announced(server, "/api/v1/api-keys/", 10**9) as (reader, writer):
        assert b" 401 " in await asyncio.wait_for(reader.readline(), 10)
        with pytest.raises(ConnectionError):
            await _write_without_end(writer)


@both
async def test_a_body_that_was_cut_off_is_refused(
    api: Api, world: World, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    whole = compress(b'{"commits": []}')
    answer = await _push(api, world, whole[:-5], coding)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert "cut off" in answer.json["detail"]


@both
async def test_garbage_behind_the_end_is_refused(
    api: Api, world: World, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    answer = await _push(api, world, compress(b'{"commits": []}') + b"garbage", coding)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")


async def test_what_follows_the_end_counts_as_well(api: Api, world: World) -> None:
    """Without a length announced, and nothing of it ever comes out of the decompressor."""

    async def body() -> AsyncIterator[bytes]:
        # Stored blocks of length zero: valid gzip that gives nothing.
        yield gzip.compress(b"")[:10]
        for _ in range(LIMIT // 65535 + 2):
            yield b"\x00\x00\x00\xff\xff" * 13107

    answer = await _push(api, world, body(), "gzip")
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")


@both
async def test_several_members_are_one_body(
    api: Api, world: World, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    text = json.dumps(batch(commit())).encode()
    answer = await _push(api, world, compress(text[:20]) + compress(b"") + compress(text[20:]), coding)
    assert (answer.status, answer.json["inserted"]) == (201, 1)


async def test_very_many_members_are_not(api: Api, world: World) -> None:
    answer = await _push(api, world, gzip.compress(b"") * 1000, "gzip")
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_header_that_lies_is_refused(api: Api, world: World, coding: str) -> None:
    answer = await _push(api, world, b'{"commits": []}', coding)
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert coding in answer.json["detail"]


async def test_a_frame_that_asks_for_gigabytes_is_refused(api: Api, world: World) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    frame = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = frame.compress(b'{"commits": []}') + frame.flush()
    assert (await _push(api, world, body, "zstd")).status == 422


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "x" * 200])
async def test_other_codings_are_refused_with_those_that_would_do(api: Api, world: World, coding: str) -> None:
    answer = await _push(api, world, b"{}", coding)
    assert answer.status == 415
    assert answer.headers["Accept-Encoding"] == "gzip, zstd"


async def test_a_byte_now_and_then_is_not_waited_for(guarded: RunningServer, world: World) -> None:
    """Each byte is in time; the body as a whole is not."""
    path = f"{world.sync_path}/commits"
    async with _announced(guarded, path, 1000, f"Authorization: Bearer {world.key}") as (reader, writer):
        answering = asyncio.create_task(reader.read())
        async with asyncio.timeout(20):
            while not answering.done():
                writer.write(b" ")
                await asyncio.wait([answering], timeout=0.1)
    assert answering.result().startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answering.result()


async def test_a_stranger_s_slow_login_is_not_waited_for_either(guarded: RunningServer) -> None:
    async with _announced(guarded, "/api/v1/auth/login", 1000) as (reader, _):
        assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 408 ")


async def test_a_client_that_hangs_up_is_no_failure_of_ours(guarded: RunningServer, world: World) -> None:
    headers = (f"Authorization: Bearer {world.key}", "X-Request-Id: hangs-up")
    async with _announced(guarded, f"{world.sync_path}/commits", 1000, *headers) as (_, writer):
        writer.write(b'{"commits"')
        await writer.drain()
    lines = await guarded.logged("hangs-up")
    assert "status=400" in lines
    assert "error" not in lines


@asynccontextmanager
async def _announced(
    server: RunningServer, path: str, length: int, *headers: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A POST whose body is announced and not sent."""
    address = urlsplit(server.url)
    head = [f"POST {path} HTTP/1.1", f"Host: {address.netloc}", "Content-Type: application/json", *headers]
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write("\r\n".join([*head, f"Content-Length: {length}", "", ""]).encode())
    await writer.drain()
    yield reader, writer
    writer.close()


async def _write_without_end(writer: asyncio.StreamWriter) -> None:
    """Until the connection is closed; a gigabyte at the most."""
    for _ in range(2**14):
        writer.write(b"a" * 2**16)
        await writer.drain()
