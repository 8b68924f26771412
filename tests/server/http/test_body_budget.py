"""The room that bodies share: whoever comes first is served first, and nobody's room is lost."""

import asyncio

import pytest

from tgl_server.errors import Unavailable
from tgl_server.http import body_budget
from tgl_server.http.body_budget import BodyBudget


async def test_a_body_waits_until_others_have_given_back_its_room() -> None:
    budget, order = BodyBudget(100), []

    async def body(name: str, size: int) -> None:
        async with budget.room(size):
            order.append(name)
            await asyncio.sleep(0)

    await asyncio.gather(body("a", 60), body("b", 60), body("small, but later", 10))
    assert order == ["a", "b", "small, but later"]
    async with budget.room(100):
        pass


async def test_a_body_larger_than_the_whole_has_the_whole() -> None:
    async with BodyBudget(100).room(1000) as room:
        assert room.held == 100


async def test_one_body_at_a_time_may_turn_out_larger_than_what_is_left() -> None:
    budget, order = BodyBudget(100), []

    async def expanding(name: str) -> None:
        async with budget.room(10) as room:
            for size in (40, 80, 120):
                await room.grow_to(size)
                await asyncio.sleep(0)
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await asyncio.gather(expanding("a"), expanding("b"), expanding("c"))
    assert sorted(order) == ["a", "b", "c"]
    async with budget.room(100):
        pass


async def test_a_body_that_gets_no_turn_to_expand_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_budget, "_LONGEST_WAIT_SECONDS", 0.01)
    budget = BodyBudget(100)
    async with budget.room(50) as large, budget.room(40) as small:
        await large.grow_to(200)
        with pytest.raises(Unavailable) as full:
            await small.grow_to(60)
        assert "Retry-After" in full.value.headers
    async with budget.room(100):
        pass


async def test_whoever_gives_up_waiting_leaves_the_room_to_others() -> None:
    budget = BodyBudget(100)

    async def body(size: int) -> None:
        async with budget.room(size):
            pass

    async with budget.room(60):
        impatient = asyncio.create_task(body(90))
        patient = asyncio.create_task(body(40))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait_for(patient, 10)
    async with budget.room(100):
        pass


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_budget, "_LONGEST_WAIT_SECONDS", 0.01)
    budget = BodyBudget(100)
    async with budget.room(60):
        with pytest.raises(Unavailable):
            async with budget.room(60):
                pass
    async with budget.room(100):
        pass
