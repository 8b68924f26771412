"""The body of a stream, closed while it is read."""

import asyncio
import gzip
from collections.abc import AsyncGenerator

import pytest

from tgl_client.http.batch import Batch
from tgl_client.http.stream_body import StreamBody


async def test_a_stream_is_closed_while_its_last_read_is_still_ending() -> None:
    body = StreamBody([], read=_never_read, still_missing=_all_of_them, advance=lambda _: None, compress=False)
    sent = await body.open()
    await anext(sent)  # the empty line
    sending = asyncio.ensure_future(anext(sent))
    for _step in range(3):
        await asyncio.sleep(0)
    sending.cancel()
    await body.close()
    with pytest.raises(asyncio.CancelledError):
        await sending


@pytest.mark.parametrize("compress", [False, True])
async def test_a_stream_begins_at_once_and_stays_alive_while_its_first_commits_are_counted(compress: bool) -> None:
    counted = asyncio.Event()

    async def slowly(_: list[bytes]) -> AsyncGenerator[Batch, None]:
        await counted.wait()
        yield Batch(["a"], [b"{}"])

    body = StreamBody(
        [], read=slowly, still_missing=_all_of_them, advance=lambda _: None, compress=compress, alive_every=0.01
    )
    sent = await body.open()
    early = [await anext(sent) for _ in range(3)]
    counted.set()
    rest = [piece async for piece in sent]
    unpacked = gzip.decompress(b"".join(early + rest)) if compress else b"".join(early + rest)
    assert all(early)
    assert unpacked.startswith(b"\n\n\n")
    assert unpacked.strip(b"\n") == b"{}"
    await body.close()


async def _never_read(_: list[bytes]) -> AsyncGenerator[Batch, None]:
    try:
        await asyncio.Event().wait()
        yield Batch([], [])
    finally:
        for _step in range(3):
            await asyncio.sleep(0)  # as the git processes take a moment to end


async def _all_of_them(shas: list[bytes]) -> list[bytes]:
    return shas
