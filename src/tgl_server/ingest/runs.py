"""The sync history of a repository: its runs, newest first, in cursor pages, and what each refused."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.commits import RefusedCommit, Run, RunDetails, RunPage, RunPhase, RunSource, RunState
from tgl_protocol.http import MAX_RUN_ERRORS
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.access.guards import RepoAccess
from tgl_server.access.ids import RepoId
from tgl_server.access.sight import keys_seen
from tgl_server.auth.principal import Principal
from tgl_server.http.pagination import Instant, decode_cursor, encode_cursor
from tgl_server.ingest.queries import ADD_RUN_ERRORS, RUN, RUN_ERRORS, RUNS
from tgl_server.projects.freshness import is_abandoned


async def list_runs(
    connection: AsyncConnection,
    access: RepoAccess,
    principal: Principal,
    *,
    state: RunState | None = None,
    limit: int,
    cursor: str | None,
    run_timeout: timedelta,
    now: datetime,
) -> RunPage:
    """One page of runs, with the keys that the caller sees; one without a batch for `run_timeout` is interrupted."""
    before_at, before_id = decode_cursor(cursor, tuple[Instant, UUID]) if cursor else (None, None)
    parameters = {
        "repo_id": access.id,
        **asdict(keys_seen(principal, access)),
        "state": state,
        "run_timeout": run_timeout,
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


async def get_run(
    connection: AsyncConnection,
    access: RepoAccess,
    principal: Principal,
    run_id: UUID,
    *,
    run_timeout: timedelta,
    now: datetime,
) -> RunDetails:
    """One run with the reasons for what it refused, and its key if the caller sees that; raises `NotFound`."""
    which = {"repo_id": access.id, "run_id": run_id}
    found = await connection.execute(RUN, {**which, **asdict(keys_seen(principal, access))})
    row = found.mappings().one_or_none()
    if row is None:
        raise errors.NotFound("The repository has no such run.")
    refused = [RefusedCommit(**reason) for reason in (await connection.execute(RUN_ERRORS, which)).mappings()]
    return RunDetails(**asdict(_run(row, run_timeout, now)), refused=refused)


async def record_errors(tx: AsyncSession, repo_id: RepoId, run_id: UUID, reasons: Sequence[FieldError]) -> None:
    """Keep the reasons for invalid commits with their run, which was counted in this transaction; 100 at the most."""
    kept = reasons[:MAX_RUN_ERRORS]
    await tx.execute(
        ADD_RUN_ERRORS,
        {
            "repo_id": repo_id,
            "run_id": run_id,
            "shas": [_storable(reason.sha) for reason in kept],
            "fields": [_storable(reason.field) for reason in kept],
            "messages": [_storable(reason.message) for reason in kept],
            "most": MAX_RUN_ERRORS,
        },
    )


def _storable(text: str | None) -> str | None:
    """Text of the client's as PostgreSQL can hold it: it is what was refused, and may be the reason."""
    return text and text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _run(row: RowMapping, run_timeout: timedelta, now: datetime) -> Run:
    state = RunState(row["state"])
    if state is RunState.RUNNING and is_abandoned(row["last_batch_at"], now, run_timeout):
        state = RunState.INTERRUPTED
    plain = {name: row[name] for name in Run.__struct_fields__ if name not in ("state", "source", "phase")}
    phase = None if row["phase"] is None else RunPhase(row["phase"])
    return Run(**plain, state=state, source=RunSource(row["source"]), phase=phase)
