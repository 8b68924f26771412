"""The runs of pulls: queued, begun, kept alive, ended. Their batches and tips are stored as those of any push.

A function takes its transaction first and never commits.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.commits import RunPhase
from tgl_server.access.ids import RepoId
from tgl_server.ingest import pull_queries as queries
from tgl_server.ingest.run_events import tell_runs


async def queue_run(tx: AsyncSession, repo_id: RepoId, run_id: UUID, user_id: UUID | None) -> None:
    """Make the run that somebody asked for; one that is queued already stays as it is."""
    await tx.execute(queries.QUEUE_RUN, {"repo_id": repo_id, "run_id": run_id, "user_id": user_id})


async def begin_run(tx: AsyncSession, repo_id: RepoId, run_id: UUID, client_version: str) -> UUID | None:
    """Let a run begin or go on; the user who asked for it."""
    which = {"repo_id": repo_id, "run_id": run_id, "client_version": client_version}
    user_id: UUID | None = await tx.scalar(queries.BEGIN_RUN, which)
    return user_id


async def keep_run(tx: AsyncSession, repo_id: RepoId, run_id: UUID, phase: RunPhase) -> None:
    """Give a sign of life of a run that has no batch now."""
    await tx.execute(queries.KEEP_RUN, {"repo_id": repo_id, "run_id": run_id, "phase": phase})


async def fail_run(tx: AsyncSession, repo_id: RepoId, run_id: UUID, message: str) -> None:
    """End a run with an error, which the repository shows until it succeeds."""
    await tx.execute(queries.FAIL_RUN, {"repo_id": repo_id, "run_id": run_id, "message": message})
    await tell_runs(tx, repo_id, [run_id])


async def cancel_runs(tx: AsyncSession, repo_id: RepoId, run_ids: Sequence[UUID], message: str) -> None:
    """End runs that wait or are under way; the repository is what it was before, with what they have stored."""
    await tx.execute(queries.CANCEL_RUNS, {"repo_id": repo_id, "run_ids": list(run_ids), "message": message})


async def requeue_run(tx: AsyncSession, repo_id: RepoId, run_id: UUID) -> None:
    """Let a run wait for another worker."""
    await tx.execute(queries.REQUEUE_RUN, {"repo_id": repo_id, "run_id": run_id})


async def drop_empty_run(tx: AsyncSession, repo_id: RepoId, run_id: UUID) -> None:
    """Delete a run that has succeeded without a batch: a push that finds nothing new leaves none either."""
    await tx.execute(queries.DROP_EMPTY_RUN, {"repo_id": repo_id, "run_id": run_id})


async def tell_run(tx: AsyncSession, repo_id: RepoId, run_id: UUID) -> None:
    """Tell that a run that somebody asked for has ended, also if there was nothing new."""
    await tell_runs(tx, repo_id, [run_id], also_empty=True)
