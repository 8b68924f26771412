"""Tasks that run beside the requests while a block runs: cancelled at its end, or asked to stop.

Cancel work that can be interrupted anywhere. Ask work that writes: nobody knows what an interrupted COMMIT did.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any


class Heartbeat:
    """When work that repeats was last done in this process."""

    def __init__(self) -> None:
        self._at: float | None = None

    def beat(self) -> None:
        """It is done now."""
        self._at = time.monotonic()

    @property
    def age(self) -> float | None:
        """The seconds since then; None before the first time."""
        return None if self._at is None else time.monotonic() - self._at


class Stop:
    """The signal to a task that its block has ended."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        self._asked.set()

    async def pause(self, seconds: float) -> None:
        """Sleep, but wake up when the task is asked to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)


@asynccontextmanager
async def run_until_cancelled(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` while the block runs, and cancel it at the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def run_until_stopped(work: Callable[[Stop], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run `work` while the block runs, ask it to stop at the end, and wait until it has."""
    stop = Stop()
    task = asyncio.create_task(work(stop))
    try:
        yield
    finally:
        stop.ask()
        await task
