"""The sync history of a repository: its runs, newest first, in cursor pages."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.commits import Run, RunPage, RunState
from tgl_server import errors
from tgl_server.ingest.queries import RUNS
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
    before_at, before_id = _decode_cursor(cursor) if cursor else (None, None)
    parameters = {"repo_id": repo_id, "before_at": before_at, "before_id": before_id, "limit": limit + 1}
    rows = (await connection.execute(RUNS, parameters)).mappings().all()
    items = [_run(row, run_timeout, now) for row in rows[:limit]]
    return RunPage(items, _encode_cursor(items[-1]) if len(rows) > limit else None)


def _run(row: RowMapping, run_timeout: timedelta, now: datetime) -> Run:
    state = RunState(row["state"])
    if state is RunState.RUNNING and now - row["last_batch_at"] > run_timeout:
        state = RunState.INTERRUPTED
    return Run(**{name: row[name] for name in Run.__struct_fields__ if name != "state"}, state=state)


def _encode_cursor(run: Run) -> str:
    return urlsafe_b64encode(f"{run.started_at.isoformat()}|{run.id}".encode()).decode()


def _decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, id_ = urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(at), UUID(id_)
    except ValueError:
        raise errors.InvalidParameter("This cursor is not one of ours; start again without it.") from None
