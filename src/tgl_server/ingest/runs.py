"""The sync history of a repository: its runs, newest first, in cursor pages."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.commits import Run, RunPage, RunState
from tgl_server.cursors import Instant, decode_cursor, encode_cursor
from tgl_server.ingest.queries import RUNS
from tgl_server.ingest.sweep import is_abandoned
from tgl_server.projects.models import RepoId


async def list_runs(
    connection: AsyncConnection,
    repo_id: RepoId,
    *,
    limit: int,
    cursor: str | None,
    run_timeout: timedelta,
    now: datetime,
) -> RunPage:
    """One page; a run without a batch for `run_timeout` shows as interrupted."""
    before_at, before_id = decode_cursor(cursor, tuple[Instant, UUID]) if cursor else (None, None)
    parameters = {
        "repo_id": repo_id,
        "before_at": before_at,
        "before_id": before_id,
        "limit": limit + 1,
    }
    rows = (await connection.execute(RUNS, parameters)).mappings().all()
    items = [_run(row, run_timeout, now) for row in rows[:limit]]
    return RunPage(
        items,
        encode_cursor(items[-1].started_at, items[-1].id) if len(rows) > limit else None,
    )


def _run(row: RowMapping, run_timeout: timedelta, now: datetime) -> Run:
    state = RunState(row["state"])
    if state is RunState.RUNNING and is_abandoned(row["last_batch_at"], now, run_timeout):
        state = RunState.INTERRUPTED
    return Run(
        **{name: row[name] for name in Run.__struct_fields__ if name != "state"},
        state=state,
    )
