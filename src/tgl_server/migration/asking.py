"""Asking for the comparison of a repository with the server's mirror, and what has come of it.

The process that answers requests reads no mirror; `workers.py` lets a worker that has it do so.
"""

from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.comparison import Comparison
from tgl_protocol.projects import SyncMethod
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.migration import comparison_queries as queries
from tgl_server.migration.actions import MigrationAction
from tgl_server.projects.service import lock_repo
from tgl_server.pull.queue import ALIVE


class Asked(Struct, frozen=True, kw_only=True):
    """A comparison that somebody asked for: its result, or why there is none, once it has finished."""

    requested_at: datetime
    finished_at: datetime | None
    is_running: bool
    has_worker: bool
    result: Comparison | None
    error: str | None


async def ask_for_comparison(tx: AsyncSession, repo_id: RepoId, by: Actor) -> None:
    """Let a worker compare a pulled repository with its mirror; raises `Conflict` where clients push."""
    repo = await lock_repo(tx, repo_id)
    if repo.sync_method != SyncMethod.PULL_CELERY:
        raise errors.Conflict("Clients push to this repository, so the server has no copy of its remote.")
    await tx.execute(queries.ASK, {"repo_id": repo_id, "user_id": by.user_id})
    await record(tx, by.did(MigrationAction.COMPARISON_REQUESTED, "repo", repo_id))


async def last_comparison(reader: AsyncConnection | AsyncSession, repo_id: RepoId) -> Asked | None:
    """The last comparison that somebody asked for, finished or not."""
    row = (await reader.execute(queries.FOUND, {"repo_id": repo_id, "alive": ALIVE})).mappings().one_or_none()
    if row is None:
        return None
    result = None if row["result"] is None else msgspec.convert(row["result"], Comparison)
    return Asked(**{**row, "result": result})
