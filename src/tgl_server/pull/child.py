"""A pull in a child of Celery's pool: an event loop and an engine of its own for each, as nothing of both is forked.

git is started from the main thread, where the loop runs: the kernel ends it with the thread that started it.
"""

import asyncio
import os
import signal
from typing import Final
from uuid import UUID

import msgspec

from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.pull import begin
from tgl_server.pull.upkeep import has_room
from tgl_server.settings import Settings

#: What a child may allocate: as much as each git process may, so that none of these is bounded further.
CHILD_MEMORY_BYTES: Final = 4 * 1024**3
#: One connection for the work, and one for the renewal of the lease.
_CONNECTIONS = 2


def pull_in_child(settings: Settings, repo_id: UUID, jobs: int) -> None:
    """Pull a repository if it is due; SIGTERM gives the pull back, and then ends the child as Celery expects."""
    own = msgspec.structs.replace(settings, db_pool_size=_CONNECTIONS, db_max_overflow=0)
    before = signal.getsignal(signal.SIGTERM)
    is_stopped = False
    try:
        is_stopped = asyncio.run(_pull_until_stopped(own, RepoId(repo_id), jobs))
    finally:
        signal.signal(signal.SIGTERM, before)
    if is_stopped:
        os.kill(os.getpid(), signal.SIGTERM)


async def _pull_until_stopped(settings: Settings, repo_id: RepoId, jobs: int) -> bool:
    """True if it was stopped by a signal."""
    pulling = asyncio.create_task(_pull(settings, repo_id, jobs))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, pulling.cancel)
    try:
        await pulling
    except asyncio.CancelledError:
        return True
    return False


async def _pull(settings: Settings, repo_id: RepoId, jobs: int) -> None:
    if not has_room(settings):  # the worker tells
        return
    database = Database(settings)
    try:
        lease = await begin.claim(database, repo_id)
        if lease is not None:
            await begin.pull(database, settings, lease, jobs)
    finally:
        await database.close()
