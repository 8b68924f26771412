"""Waiting for other processes by looking, since no test sleeps for a guessed time."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

LONGEST_SECONDS = 180
_PAUSE = 0.01


async def until(look: Callable[[], object], seconds: float = LONGEST_SECONDS) -> Any:
    """Ask until the answer is true, and return it; `look` may be a coroutine function."""
    async with asyncio.timeout(seconds):
        while not (found := await _answer(look)):  # noqa: ASYNC110 -- another process sets no event here
            await asyncio.sleep(_PAUSE)
    return found


async def _answer(look: Callable[[], object]) -> object:
    found = look()
    return await found if inspect.isawaitable(found) else found


def wait_until(look: Callable[[], object], seconds: float = LONGEST_SECONDS) -> Any:
    """`until` for tests that run no event loop."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(_PAUSE)
    return found
