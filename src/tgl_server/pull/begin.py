"""From a repository that may be due to its end: claim it, and pull. The same for every kind of worker."""

import os

import structlog

from tgl_server.access.ids import RepoId
from tgl_server.db.away import may_pass
from tgl_server.db.engine import Database
from tgl_server.pull import queue
from tgl_server.pull.mirrors import this_host
from tgl_server.pull.pulling import Pull
from tgl_server.pull.queue import Lease
from tgl_server.settings import Settings

log = structlog.get_logger()


async def claim(database: Database, repo_id: RepoId) -> Lease | None:
    """Its lease, or None; what cannot be claimed now, as somebody holds its row, is handed out again later."""
    try:
        async with database.transaction() as tx:
            return await queue.claim(tx, repo_id, f"{this_host()}:{os.getpid()}")
    except Exception as error:
        if not may_pass(error):
            raise
        log.warning("claim_failed", repo_id=str(repo_id), reason=type(error).__name__)
        return None


async def pull(database: Database, settings: Settings, lease: Lease, jobs: int) -> None:
    """One pull; whatever it ends with, the worker goes on, and the lease of one that broke down runs out."""
    log.info("pull_begun", repo_id=str(lease.repo_id), run_id=str(lease.run_id), cause=str(lease.cause))
    try:
        await Pull(database, settings, lease, jobs=jobs).run()
    except Exception:
        log.exception("pull_broke_down", repo_id=str(lease.repo_id), run_id=str(lease.run_id))
