"""The worker: it looks for repositories that are due, pulls several at a time, and gives signs of life.

The queue is in the database, so any number of workers need nothing else to share it. What a worker cannot finish, as it
is told to stop, is given back.
"""

import asyncio
import os
from typing import Final
from uuid import uuid4

import structlog

from tgl_protocol import __version__
from tgl_server.access.ids import RepoId
from tgl_server.db.away import may_pass
from tgl_server.db.engine import Database
from tgl_server.pull import queries, queue
from tgl_server.pull.cleaning import clean_mirrors
from tgl_server.pull.mirrors import free_bytes, mirrors_folder, this_host
from tgl_server.pull.pulling import Pull
from tgl_server.pull.queue import Lease
from tgl_server.settings import Settings

log = structlog.get_logger()

TICK_SECONDS: Final = 5.0
SEEN_SECONDS: Final = 15.0
CLEAN_SECONDS: Final = 600.0


class Worker:
    """Pulls up to `children` repositories at a time until `stop` is set."""

    def __init__(self, database: Database, settings: Settings, children: int) -> None:
        self._database = database
        self._settings = settings
        self._children = children
        self._jobs = max(1, _cores() // children)
        self._id = uuid4()
        self._owner = f"{this_host()}:{os.getpid()}"
        self._has_room = True
        self._pulls: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then every pull is given back, and none of its processes is left."""
        beside = [asyncio.create_task(self._give_signs()), asyncio.create_task(self._keep_clean())]
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._begin_due()
                await asyncio.wait({stopping, *self._pulls}, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._pulls = {each for each in self._pulls if not each.done()}
        finally:
            for task in (*beside, stopping, *self._pulls):
                task.cancel()
            await asyncio.gather(*beside, stopping, *self._pulls, return_exceptions=True)
            await self._say_goodbye()

    async def _begin_due(self) -> None:
        free = self._children - len(self._pulls) if self._find_room() else 0
        for repo_id in await self._tick(free) if free else ():
            lease = await self._claim(repo_id)
            if lease is not None:
                self._pulls.add(asyncio.create_task(self._pull(lease)))

    def _find_room(self) -> bool:
        """Whether the disk has more than the floor of free bytes; told when it has no more, and when it has again."""
        free, floor = free_bytes(mirrors_folder(self._settings)), self._settings.pull_min_free_bytes
        had_room, self._has_room = self._has_room, free is None or free >= floor
        if had_room and not self._has_room:
            remedy = "free space, or lower PULL_MIRRORS_BYTES; nothing is pulled meanwhile"
            log.warning("disk_full", free=free, pull_min_free_bytes=floor, remedy=remedy)
        elif self._has_room and not had_room:
            log.info("disk_has_room", free=free)
        return self._has_room

    async def _tick(self, limit: int) -> list[RepoId]:
        try:
            async with self._database.transaction() as tx:
                return await queue.tick(tx, limit)
        except Exception as error:
            if not may_pass(error):
                raise
            log.warning("tick_failed", reason=type(error).__name__)
            return []

    async def _claim(self, repo_id: RepoId) -> Lease | None:
        """Its lease, or None; what cannot be claimed now, as somebody holds its row, is handed out again later."""
        try:
            async with self._database.transaction() as tx:
                return await queue.claim(tx, repo_id, self._owner)
        except Exception as error:
            if not may_pass(error):
                raise
            log.warning("claim_failed", repo_id=str(repo_id), reason=type(error).__name__)
            return None

    async def _pull(self, lease: Lease) -> None:
        """One pull; whatever it ends with, the worker goes on, and the lease of one that broke down runs out."""
        log.info("pull_begun", repo_id=str(lease.repo_id), run_id=str(lease.run_id), cause=str(lease.cause))
        try:
            await Pull(self._database, self._settings, lease, jobs=self._jobs).run()
        except Exception:
            log.exception("pull_broke_down", repo_id=str(lease.repo_id), run_id=str(lease.run_id))

    async def _give_signs(self) -> None:
        while True:
            try:
                async with self._database.transaction() as tx:
                    await tx.execute(queries.SEEN, self._signs())
                async with self._database.transaction() as tx:
                    await queue.drop_unpulled(tx)
            except Exception as error:
                # Nobody looks at this task before the worker ends: whatever it is, the next sign may succeed.
                log.warning("sign_of_life_failed", reason=type(error).__name__, exc_info=not may_pass(error))
            await asyncio.sleep(SEEN_SECONDS)

    async def _keep_clean(self) -> None:
        while True:
            try:
                await clean_mirrors(self._database, self._settings)
            except Exception as error:
                log.warning("mirrors_not_cleaned", reason=type(error).__name__, exc_info=not may_pass(error))
            await asyncio.sleep(CLEAN_SECONDS)

    def _signs(self) -> dict[str, object]:
        return {
            "id": self._id,
            "host": this_host(),
            "pid": os.getpid(),
            "version": __version__,
            "children": self._children,
            "disk_free": free_bytes(mirrors_folder(self._settings)),
        }

    async def _say_goodbye(self) -> None:
        try:
            async with self._database.transaction() as tx:
                await tx.execute(queries.GONE, {"id": self._id})
        except Exception as error:
            if not may_pass(error):
                raise


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
