"""The watch over open files: at its limit a process accepts no connection, and Granian says nothing about it."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from tgl_server.background import run_until_cancelled
from tgl_server.logs.outages import Outage

_SECONDS = 2.0
_PART = 0.95


@asynccontextmanager
async def open_files_watched(seconds: float = _SECONDS) -> AsyncIterator[None]:
    """Log when this process has nearly as many open files as it may, and when it has fewer again, in the block."""
    outage = Outage("open_files_exhausted", "open_files_free")

    async def watch() -> None:
        while True:
            _look(outage)
            await asyncio.sleep(seconds)

    async with run_until_cancelled(watch()):
        yield


def _look(outage: Outage) -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        open_files = psutil.Process().num_fds()
    except OSError:  # even counting them takes one
        open_files = limit
    if open_files >= limit * _PART:
        outage.note(open=open_files, limit=limit, consequence="connections are not accepted")
    else:
        outage.end()
