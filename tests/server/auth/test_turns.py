"""Who goes next when more want to hash than there are threads."""

import asyncio
from collections.abc import Iterable

import pytest

from tgl_server.auth.turns import MAX_WAITING, Queue, QueueFull, Turns


class Line:
    """One turn, which is taken, and callers that wait for it."""

    def __init__(self) -> None:
        self.turns = Turns(1)
        self.order: list[Queue] = []
        self.waiting: list[asyncio.Task[None]] = []

    async def join(self, *queues: Queue) -> None:
        """Let a caller wait in each of these queues, in this order."""
        for queue in queues:
            self.waiting.append(asyncio.create_task(self._take(queue)))
            await asyncio.sleep(0)

    async def serve(self) -> list[Queue]:
        """End the turn that was taken; the queues in the order in which their callers had theirs."""
        self.turns.give_back(Queue.KEYS)
        await asyncio.gather(*self.waiting, return_exceptions=True)
        return self.order

    async def _take(self, queue: Queue) -> None:
        await self.turns.take(queue)
        self.order.append(queue)
        self.turns.give_back(queue)


@pytest.fixture
async def line() -> Line:
    line = Line()
    await line.turns.take(Queue.KEYS)
    return line


async def test_who_is_known_goes_before_all_who_wait(line: Line) -> None:
    await line.join(Queue.UNKNOWN, Queue.KEYS, Queue.REGISTRATIONS, Queue.KNOWN, Queue.KNOWN)
    assert (await line.serve())[:2] == [Queue.KNOWN, Queue.KNOWN]


@pytest.mark.parametrize("flooded", list(Queue))
async def test_a_full_queue_refuses_its_own_and_nobody_else(line: Line, flooded: Queue) -> None:
    await line.join(*[flooded] * (MAX_WAITING - (flooded is Queue.KEYS)))
    with pytest.raises(QueueFull):
        await line.turns.take(flooded)
    await line.join(*(queue for queue in Queue if queue is not flooded))
    assert set(await line.serve()) == set(Queue)


@pytest.mark.parametrize("flooded", [queue for queue in Queue if queue is not Queue.KNOWN])
async def test_a_caller_waits_behind_one_of_each_other_queue(line: Line, flooded: Queue) -> None:
    await line.join(*[flooded] * (MAX_WAITING - 1))
    others = [queue for queue in Queue if queue is not flooded]
    await line.join(*others)
    assert set((await line.serve())[: len(Queue)]) >= set(others)


async def test_who_disconnects_takes_no_turn(line: Line) -> None:
    await line.join(Queue.UNKNOWN, Queue.UNKNOWN, Queue.UNKNOWN)
    line.waiting[1].cancel()
    assert await line.serve() == [Queue.UNKNOWN, Queue.UNKNOWN]
    assert set(line.turns.count().values()) == {0}


async def test_a_turn_that_comes_as_its_caller_disconnects_goes_to_the_next(line: Line) -> None:
    await line.join(Queue.UNKNOWN, Queue.REGISTRATIONS)
    line.turns.give_back(Queue.KEYS)
    line.waiting[0].cancel()
    await asyncio.gather(*line.waiting, return_exceptions=True)
    assert line.order == [Queue.REGISTRATIONS]
    await asyncio.wait_for(line.turns.take(Queue.UNKNOWN), 10)


async def test_no_more_turns_are_out_than_there_are() -> None:
    turns, at_once, most = Turns(2), 0, 0

    async def work(queue: Queue) -> None:
        nonlocal at_once, most
        await turns.take(queue)
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        turns.give_back(queue)

    await asyncio.gather(*(work(queue) for queue in _some_of_each()))
    assert (most, set(turns.count().values())) == (2, {0})


def _some_of_each() -> Iterable[Queue]:
    return [queue for _ in range(10) for queue in Queue]
