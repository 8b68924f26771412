"""Connections that end in an answer, at every moment that the sending of a body can be in."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from tests.support.faulty import KEY
from tgl_client import errors
from tgl_client.http.address import Target, parse_server_url
from tgl_client.http.api import Api
from tgl_client.http.batch import Batch
from tgl_client.http.retry import RetryPolicy
from tgl_client.http.stream_body import StreamBody
from tgl_protocol.keys import parse_api_key

HALF_AN_ANSWER = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"total":'


@asynccontextmanager
async def server_that_leaves(left: asyncio.Event) -> AsyncIterator[str]:
    """Answers the head of a request with half an answer, and goes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HALF_AN_ANSWER)
        writer.close()
        left.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def body_that_ends(left: asyncio.Event, steps: int) -> StreamBody:
    """So many steps of the event loop after the server has left."""

    async def read(_: list[bytes]) -> AsyncGenerator[Batch, None]:
        yield Batch(["0" * 40], [b"{}"])
        await left.wait()
        for _step in range(steps):
            await asyncio.sleep(0)

    async def still_missing(shas: list[bytes]) -> list[bytes]:
        return shas

    return StreamBody([], read=read, still_missing=still_missing, advance=lambda _: None, compress=False)


async def test_a_cut_answer_ends_at_once_wherever_the_body_is() -> None:
    once = RetryPolicy(max_retries=0)
    for steps in range(25):
        left = asyncio.Event()
        async with server_that_leaves(left) as url, Api(parse_server_url(url), parse_api_key(KEY), retries=once) as api:
            body = body_that_ends(left, steps)
            with pytest.raises(errors.UnreachableError, match="broke off"):
                await asyncio.wait_for(api.push_stream(Target("team", "app"), body, UUID(int=1)), 10)
            await body.close()
