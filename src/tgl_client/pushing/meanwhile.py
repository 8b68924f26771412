"""A request beside the work that does not need its answer yet."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@asynccontextmanager
async def meanwhile(coroutine: Coroutine[Any, Any, T]) -> AsyncGenerator[asyncio.Task[T], None]:
    """Runs a coroutine beside the block and ends it with the block; an error that nobody awaited is dropped."""
    task = asyncio.ensure_future(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
