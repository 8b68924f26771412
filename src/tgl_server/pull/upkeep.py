"""What every worker does beside its pulls, with a broker or without: signs of life, room on the disk, clean mirrors."""

import asyncio
import os
from typing import Final
from uuid import uuid4

import structlog

from tgl_protocol import __version__
from tgl_server.db.away import may_pass
from tgl_server.db.engine import Database
from tgl_server.pull import queries, queue
from tgl_server.pull.cleaning import clean_mirrors
from tgl_server.pull.mirrors import free_bytes, mirrors_folder, this_host
from tgl_server.settings import Settings

log = structlog.get_logger()

SEEN_SECONDS: Final = 15.0
CLEAN_SECONDS: Final = 600.0


class Upkeep:
    """The upkeep of one worker, which pulls up to `children` repositories at a time."""

    def __init__(self, database: Database, settings: Settings, children: int, *, uses_broker: bool = False) -> None:
        self._database = database
        self._settings = settings
        self._children = children
        self._uses_broker = uses_broker
        self._id = uuid4()
        self._has_room = True

    def begin(self) -> "list[asyncio.Task[None]]":
        """The tasks that go on until they are cancelled."""
        return [asyncio.create_task(self._give_signs()), asyncio.create_task(self._keep_clean())]

    async def end(self, tasks: "list[asyncio.Task[None]]") -> None:
        """Cancel them, and be no worker any more."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._say_goodbye()

    def find_room(self) -> bool:
        """Whether the disk has more than the floor of free bytes; told when it has no more, and when it has again."""
        free, floor = free_bytes(mirrors_folder(self._settings)), self._settings.pull_min_free_bytes
        had_room, self._has_room = self._has_room, has_room(self._settings)
        if had_room and not self._has_room:
            remedy = "free space, or lower PULL_MIRRORS_BYTES; nothing is pulled meanwhile"
            log.warning("disk_full", free=free, pull_min_free_bytes=floor, remedy=remedy)
        elif self._has_room and not had_room:
            log.info("disk_has_room", free=free)
        return self._has_room

    async def _give_signs(self) -> None:
        while True:
            try:
                async with self._database.transaction() as tx:
                    await tx.execute(queries.SEEN, self._signs())
                async with self._database.transaction() as tx:
                    await queue.drop_unpulled(tx)
                self.find_room()
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
            "uses_broker": self._uses_broker,
        }

    async def _say_goodbye(self) -> None:
        try:
            async with self._database.transaction() as tx:
                await tx.execute(queries.GONE, {"id": self._id})
        except Exception as error:
            if not may_pass(error):
                raise


def has_room(settings: Settings) -> bool:
    """Whether a pull may begin: the disk of the mirrors has more than PULL_MIN_FREE_BYTES."""
    free = free_bytes(mirrors_folder(settings))
    return free is None or free >= settings.pull_min_free_bytes


def jobs_of(children: int) -> int:
    """The processes that count lines for each of so many pulls at a time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // children)
