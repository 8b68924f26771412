"""Bodies that a server takes slowly, or not to their end."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import pytest
from aiohttp import web

from tests.support import faulty as faults
from tests.support.faulty import KEY, FaultyServer
from tgl_client import errors
from tgl_client.http.address import Target, parse_server_url
from tgl_client.http.api import Api
from tgl_client.http.batch import Batch, Payload
from tgl_client.http.retry import RetryPolicy
from tgl_client.http.stream_body import StreamBody
from tgl_protocol.keys import parse_api_key

TARGET, RUN = Target("team", "app"), UUID(int=1)
#: More than the buffers between two processes hold.
LARGE = 64 * 1024 * 1024
ONCE = RetryPolicy(max_retries=0, max_waiting=1.0, scale=0.001)


def connected(server: FaultyServer, read_timeout: float) -> Api:
    return Api(parse_server_url(server.url), parse_api_key(KEY), retries=ONCE, read_timeout=read_timeout)


def stream() -> StreamBody:
    async def read(_: list[bytes]) -> AsyncGenerator[Batch, None]:
        for _step in range(64):
            yield Batch(["0" * 40], [b"x" * (LARGE // 64)])

    async def still_missing(shas: list[bytes]) -> list[bytes]:
        return shas

    return StreamBody([], read=read, still_missing=still_missing, advance=lambda _: None, compress=False)


async def send(api: Api, endpoint: str) -> None:
    if endpoint == "stream":
        await api.push_stream(TARGET, stream(), RUN)
    else:
        await api.push(TARGET, Payload(b"x" * LARGE), RUN)


async def stop_reading(request: web.Request) -> web.StreamResponse:
    """Say that nothing more will come, and take nothing more: a proxy that has lost interest."""
    assert request.transport is not None
    request.transport.get_extra_info("socket").shutdown(1)
    return await faults.hang(request)


async def cut(request: web.Request) -> web.StreamResponse:
    """Close in the middle of the body."""
    await request.content.read(100_000)
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def read_slowly(request: web.Request) -> web.StreamResponse:
    """For longer in all than any piece may take."""
    async for _ in request.content.iter_chunked(1_000_000):
        await asyncio.sleep(0.03)
    return web.Response(status=409)


@pytest.mark.parametrize("endpoint", ["commits", "stream"])
@pytest.mark.parametrize("fault", [faults.hang, stop_reading])
async def test_a_server_that_takes_nothing_more_is_left_after_the_read_timeout(
    faulty: FaultyServer, endpoint: str, fault: faults.Fault
) -> None:
    faulty.always[endpoint] = fault
    async with asyncio.timeout(30), connected(faulty, read_timeout=0.3) as api:
        with pytest.raises(errors.UnreachableError):
            await send(api, endpoint)


@pytest.mark.parametrize("endpoint", ["commits", "stream"])
async def test_a_line_that_is_cut_in_mid_body_is_noticed_at_once(faulty: FaultyServer, endpoint: str) -> None:
    faulty.always[endpoint] = cut
    async with asyncio.timeout(30), connected(faulty, read_timeout=600) as api:
        with pytest.raises(errors.UnreachableError, match="broke off"):
            await send(api, endpoint)


@pytest.mark.parametrize("endpoint", ["commits", "stream"])
async def test_a_server_that_takes_it_slowly_is_waited_for(faulty: FaultyServer, endpoint: str) -> None:
    faulty.always[endpoint] = read_slowly
    async with connected(faulty, read_timeout=1.5) as api:
        with pytest.raises(errors.UnexpectedAnswerError, match="409"):
            await send(api, endpoint)
