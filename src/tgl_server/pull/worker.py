"""The worker without a broker: it looks for repositories that are due, and pulls several at a time.

The queue is in the database, so any number of workers need nothing else to share it. What a worker cannot finish, as it
is told to stop, is given back.
"""

import asyncio
from typing import Final

import structlog

from tgl_server.access.ids import RepoId
from tgl_server.db.away import may_pass
from tgl_server.db.engine import Database
from tgl_server.pull import begin, queue
from tgl_server.pull.upkeep import Upkeep, jobs_of
from tgl_server.settings import Settings

log = structlog.get_logger()

TICK_SECONDS: Final = 5.0


class Worker:
    """Pulls up to `children` repositories at a time until `stop` is set."""

    def __init__(self, database: Database, settings: Settings, children: int) -> None:
        self._database = database
        self._settings = settings
        self._children = children
        self._jobs = jobs_of(children)
        self._upkeep = Upkeep(database, settings, children)
        self._pulls: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then every pull is given back, and none of its processes is left."""
        beside = self._upkeep.begin()
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._begin_due()
                await asyncio.wait({stopping, *self._pulls}, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._pulls = {each for each in self._pulls if not each.done()}
        finally:
            for task in (stopping, *self._pulls):
                task.cancel()
            await asyncio.gather(stopping, *self._pulls, return_exceptions=True)
            await self._upkeep.end(beside)

    async def _begin_due(self) -> None:
        free = self._children - len(self._pulls) if self._upkeep.find_room() else 0
        for repo_id in await self._tick(free) if free else ():
            lease = await begin.claim(self._database, repo_id)
            if lease is not None:
                pulling = begin.pull(self._database, self._settings, lease, self._jobs)
                self._pulls.add(asyncio.create_task(pulling))

    async def _tick(self, limit: int) -> list[RepoId]:
        try:
            async with self._database.transaction() as tx:
                return await queue.tick(tx, limit)
        except Exception as error:
            if not may_pass(error):
                raise
            log.warning("tick_failed", reason=type(error).__name__)
            return []
