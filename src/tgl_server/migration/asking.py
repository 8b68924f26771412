"""Asking for the comparison of a repository with the server's mirror, and what has come of it.

The process that answers requests reads no mirror; `workers.py` lets a worker that has it do so.
"""

import msgspec
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.comparison import Comparison, ComparisonInfo, ComparisonState
from tgl_protocol.projects import SyncMethod
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.migration import comparison_queries as queries
from tgl_server.migration.actions import MigrationAction
from tgl_server.projects.service import lock_repo
from tgl_server.pull.queue import ALIVE


async def ask_for_comparison(tx: AsyncSession, repo_id: RepoId, by: Actor) -> None:
    """Let a worker compare a pulled repository with its mirror; raises `Conflict` where clients push."""
    repo = await lock_repo(tx, repo_id)
    if repo.sync_method != SyncMethod.PULL_CELERY:
        raise errors.Conflict("Clients push to this repository, so the server has no copy of its remote.")
    await tx.execute(queries.ASK, {"repo_id": repo_id, "user_id": by.user_id})
    await record(tx, by.did(MigrationAction.COMPARISON_REQUESTED, "repo", repo_id))


async def last_comparison(reader: AsyncConnection | AsyncSession, repo_id: RepoId) -> ComparisonInfo | None:
    """The last comparison that somebody asked for, finished or not."""
    row = (await reader.execute(queries.FOUND, {"repo_id": repo_id, "alive": ALIVE})).mappings().one_or_none()
    if row is None:
        return None
    return ComparisonInfo(
        state=_state(row),
        requested_at=row["requested_at"],
        finished_at=row["finished_at"],
        has_worker=row["has_worker"],
        result=None if row["result"] is None else msgspec.convert(row["result"], Comparison),
        error=row["error"],
    )


async def comparison_info(reader: AsyncConnection | AsyncSession, repo_id: RepoId) -> ComparisonInfo:
    """The last comparison that somebody asked for; raises `NotFound` where nobody has."""
    found = await last_comparison(reader, repo_id)
    if found is None:
        raise errors.NotFound("Nobody has asked for a comparison of this repository yet.")
    return found


def _state(row: RowMapping) -> ComparisonState:
    if row["finished_at"] is None:
        return ComparisonState.RUNNING if row["is_running"] else ComparisonState.WAITING
    return ComparisonState.FAILED if row["result"] is None else ComparisonState.DONE
