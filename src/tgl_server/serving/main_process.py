"""The watch of a worker over its main process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tgl_server.background import run_until_cancelled


@asynccontextmanager
async def stopped_with_main_process(main_pid: int, *_: object) -> AsyncIterator[None]:
    """Stop the worker when its main process is gone: it would go on serving the port, with nobody to stop it."""

    async def watch() -> None:
        while os.getppid() == main_pid:  # noqa: ASYNC110 -- the kernel sends no event
            await asyncio.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    async with run_until_cancelled(watch()):
        yield
