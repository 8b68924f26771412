"""Runs a command's coroutine so that Ctrl-C and SIGTERM end it like any other failure: tidily, with a sentence."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from tgl_client.errors import InterruptedPushError, TerminatedPushError

T = TypeVar("T")


def run_command(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result; raises `InterruptedPushError` when a signal ended it."""
    # `main` switched it off for the imports; what they made stays and need not be looked at again.
    gc.freeze()
    gc.enable()
    try:
        return asyncio.run(_until_terminated(coroutine))
    except KeyboardInterrupt:
        raise InterruptedPushError from None


async def _until_terminated(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a task that SIGTERM cancels, as asyncio lets SIGINT do."""
    task = asyncio.ensure_future(coroutine)
    terminated = asyncio.Event()

    def terminate() -> None:
        terminated.set()
        task.cancel()

    # aiohttp reports to the loop what nobody awaits, such as a body that was not sent; the answer says what matters.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    if sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await task
    except asyncio.CancelledError:
        if terminated.is_set():
            raise TerminatedPushError from None
        raise
