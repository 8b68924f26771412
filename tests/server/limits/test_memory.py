"""Counting in the memory of one process."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond

from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.memory import BoundedWindows

PER_MINUTE = RateLimitItemPerMinute(3)


async def test_the_window_admits_its_limit_and_no_more() -> None:
    window = BoundedWindows()
    assert [await window.hit(PER_MINUTE, "a") for _ in range(5)] == [True, True, True, False, False]
    assert await window.hit(PER_MINUTE, "b")


async def test_who_asks_is_not_counted_and_not_remembered() -> None:
    window = BoundedWindows()
    assert [(await window.get_window_stats(PER_MINUTE, "a")).remaining for _ in range(5)] == [3] * 5
    assert len(window) == 0


async def test_refused_hits_do_not_prolong_the_window() -> None:
    window = BoundedWindows()
    for _ in range(10):
        await window.hit(PER_MINUTE, "a")
    reset_at, remaining = await window.get_window_stats(PER_MINUTE, "a")
    first_reset_at, _ = await window.get_window_stats(PER_MINUTE, "a")
    assert (remaining, reset_at) == (0, first_reset_at)


async def test_what_left_the_window_does_not_count() -> None:
    window, per_second = BoundedWindows(), RateLimitItemPerSecond(1)
    assert await window.hit(per_second, "a")
    assert not await window.hit(per_second, "a")

    async def until_admitted() -> None:
        while not await window.hit(per_second, "a"):  # noqa: ASYNC110 -- only the clock moves it
            await asyncio.sleep(0.02)

    await asyncio.wait_for(until_admitted(), 10)
    assert (await window.get_window_stats(per_second, "a")).remaining == 0


async def test_a_clock_that_is_set_back_locks_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter, now = RateLimiter("memory://"), time.time()
    for _ in range(3):
        await limiter.hit(PER_MINUTE, "a")
    monkeypatch.setattr(time, "time", lambda: now - 7200)
    standings = [await limiter.hit(PER_MINUTE, "a") for _ in range(4)]
    assert [standing and standing.is_refused for standing in standings] == [False, False, False, True]


async def test_hits_from_the_future_do_not_speak_against_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    window, now = BoundedWindows(), time.time()
    assert [await window.hit(PER_MINUTE, "a") for _ in range(3)] == [True] * 3
    monkeypatch.setattr(time, "time", lambda: now - 7200)
    assert await window.get_window_stats(PER_MINUTE, "a") == (now - 7200 + 60, 3)


async def test_nobody_is_told_to_wait_for_longer_than_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter, now = RateLimiter("memory://"), time.time()
    await limiter.hit(PER_MINUTE, "a")
    monkeypatch.setattr("tgl_server.limits.limiter.time", SimpleNamespace(time=lambda: now - 7200))
    standing = await limiter.hit(PER_MINUTE, "a")
    assert standing is not None
    assert standing.reset_seconds == 60


async def test_memory_is_bounded_and_the_client_seen_longest_ago_is_forgotten() -> None:
    window = BoundedWindows(max_clients=100)
    await window.hit(PER_MINUTE, "first")
    for n in range(1000):
        await window.hit(PER_MINUTE, f"client {n}")
    assert len(window) == 100
    await window.hit(PER_MINUTE, "known")
    for n in range(1000):
        await window.hit(PER_MINUTE, f"client {n}")
        await window.hit(PER_MINUTE, "known")
    assert not await window.hit(PER_MINUTE, "known")
