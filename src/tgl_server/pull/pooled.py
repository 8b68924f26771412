"""The worker with a broker: Celery's pool as a process below this one, with the upkeep and, on demand, a beat beside.

Celery forks its children, so nothing that has threads or connections runs in its process. A pool that ends by itself is
started again.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import structlog

from tgl_server.db.engine import Database
from tgl_server.pull.beat import Beat
from tgl_server.pull.upkeep import Upkeep
from tgl_server.settings import Settings

log = structlog.get_logger()

_RESTART_SECONDS: Final = 5.0
#: A stopped pull ends its processes and is given back in less; what takes longer loses its lease after a minute.
_STOP_SECONDS: Final = 20.0


class PooledWorker:
    """Pulls up to `children` repositories at a time, as messages name them, until `stop` is set."""

    def __init__(self, database: Database, settings: Settings, children: int, beat: Beat | None) -> None:
        self._children = children
        self._beat = beat
        self._environment = {**os.environ, **_environment(settings)}
        self._upkeep = Upkeep(database, settings, children, uses_broker=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then every pull is given back, and none of its processes is left."""
        beside = self._upkeep.begin()
        if self._beat is not None:
            beside.append(asyncio.create_task(self._beat.run(stop)))
        try:
            while not stop.is_set():
                status = await self._run_pool(stop)
                if not stop.is_set():
                    log.warning("pull_pool_ended", status=status, again_in_seconds=_RESTART_SECONDS)
                    await _wait(stop, _RESTART_SECONDS)
        finally:
            await self._upkeep.end(beside)

    async def _run_pool(self, stop: asyncio.Event) -> int:
        """Run a pool to its end, or stop it; its exit status."""
        command = [sys.executable, "-m", "tgl_server", "worker", "--pool-of", str(os.getpid())]
        # A group of its own: Ctrl-C is for us, who then stop it. What Celery prints when it stops is nobody's.
        process = await asyncio.create_subprocess_exec(
            *command,
            "--children",
            str(self._children),
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
            process_group=0,
        )
        ending = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if process.returncode is None:
                await _stop(process)
        return await ending


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _environment(settings: Settings) -> Mapping[str, str]:
    """What the pool has to know besides our own environment: a database that was started here, and how it is stopped.

    Celery reads the latter when it is imported: SIGTERM stops running pulls, which are given back, and waits for none.
    """
    return {"TGL_DATABASE_URL": settings.database_url, "REMAP_SIGTERM": "SIGQUIT"}
