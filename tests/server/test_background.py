"""Tasks beside the requests end with their block, each in its way."""

import asyncio

import pytest

from tgl_server.background import Stop, run_until_cancelled, run_until_stopped


async def test_a_task_that_is_asked_to_stop_finishes_what_it_has_begun() -> None:
    done: list[str] = []

    async def work(stop: Stop) -> None:
        while not stop.is_asked:
            await stop.pause(60)
            await asyncio.sleep(0)
            done.append("finished")

    async with asyncio.timeout(10), run_until_stopped(work):
        await asyncio.sleep(0)
    assert done == ["finished"]


async def test_a_task_is_cancelled_at_the_end_of_its_block() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with run_until_cancelled(work()):
        await started.wait()
    assert ended.is_set()


async def test_what_a_task_raises_comes_out_where_its_block_ends() -> None:
    async def work(_: Stop) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        async with run_until_stopped(work):
            await asyncio.sleep(0)
