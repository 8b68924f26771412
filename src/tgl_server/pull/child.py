"""A pull in a child of Celery's pool: an event loop and an engine of its own for each, as nothing of both is forked.

git is started from the main thread, where the loop runs: the kernel ends it with the thread that started it.
"""

import asyncio
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.pull import begin
from tgl_server.pull.upkeep import has_room
from tgl_server.settings import Settings

#: What a process that reads histories may allocate: as much as each git process may, so that none of these, which
#: inherit the bound, is bounded further.
CHILD_MEMORY_BYTES: Final = 4 * 1024**3
#: What Celery stops a child with: the second where it takes SIGTERM for it, as `pooled` asks.
_STOPPING: Final = (signal.SIGTERM, signal.SIGQUIT)
#: One connection for the work, and one for the renewal of the lease.
_CONNECTIONS = 2


def bound_memory(most: int = CHILD_MEMORY_BYTES) -> None:
    """Bound what this process allocates, in bytes, on Linux: files that it maps, such as packs, do not count.

    A hostile pack may keep a small commit as the difference to a huge one, which libgit2 unpacks to read it.
    """
    if sys.platform == "linux":
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def pull_in_child(settings: Settings, repo_id: UUID, jobs: int) -> None:
    """Pull a repository if it is due; a signal gives the pull back, and then stops the child as Celery expects."""
    own = msgspec.structs.replace(settings, db_pool_size=_CONNECTIONS, db_max_overflow=0)
    before = {number: signal.getsignal(number) for number in _STOPPING}
    stopped_by: list[signal.Signals] = []
    try:
        asyncio.run(_pull_until_stopped(own, RepoId(repo_id), jobs, stopped_by))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if stopped_by:
        os.kill(os.getpid(), stopped_by[0])


async def _pull_until_stopped(
    settings: Settings, repo_id: RepoId, jobs: int, stopped_by: "list[signal.Signals]"
) -> None:
    """Celery's own handler would raise in the middle of the loop, wherever it is."""
    if not has_room(settings):  # the worker tells
        return
    database = Database(settings)
    pulling = asyncio.create_task(_pull(database, settings, repo_id, jobs))

    def stop(number: signal.Signals) -> None:
        stopped_by.append(number)
        pulling.cancel()

    for number in _STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        with suppress(asyncio.CancelledError):
            await pulling
    finally:
        await database.close()


async def _pull(database: Database, settings: Settings, repo_id: RepoId, jobs: int) -> None:
    lease = await begin.claim(database, repo_id)
    if lease is not None:
        await begin.pull(database, settings, lease, jobs)
