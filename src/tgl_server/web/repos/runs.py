"""The runs of a repository for its pages: with people, by state and by key, and one with what it refused."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.commits import RefusedCommit, RunPhase, RunSource, RunState
from tgl_server import errors
from tgl_server.access.sight import keys_seen
from tgl_server.http.pagination import Instant, cut_page, decode_cursor
from tgl_server.ingest.queries import RUN_ERRORS
from tgl_server.web.repos.header import RepoView
from tgl_server.web.repos.queries import RUN_KEYS, RUNS
from tgl_server.web.repos.remedies import remedy_of
from tgl_server.web.words import duration

PAGE_SIZE: Final = 50
#: A clock that is off by less is nobody's concern.
_NOTABLE_SKEW: Final = timedelta(minutes=1)


class RunRow(Struct, frozen=True, kw_only=True):
    """A run as a line."""

    id: UUID
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    last_batch_at: datetime
    lasted: timedelta
    batches: int
    inserted: int
    known: int
    refused: int
    client_version: str | None
    person: str | None
    key_name: str | None
    error_message: str | None
    is_pull: bool
    #: What a pull that is under way is doing, such as `fetching`; None for any other run.
    phase: str | None
    #: What is worth saying of its client's clock, such as `its clock is 3 min behind`.
    clock: str | None


class RunList(Struct, frozen=True):
    """A page of runs; `next_cursor` is None on the last one."""

    items: Sequence[RunRow]
    next_cursor: str | None


class RunKey(Struct, frozen=True):
    """A key that has pushed, to choose its runs by."""

    id: UUID
    name: str
    prefix: str


class Reason(Struct, frozen=True):
    """Why a commit was refused, and what to do about it."""

    refused: RefusedCommit
    remedy: str


class RunsWish(Struct, frozen=True):
    """Which runs to list; None is any."""

    state: RunState | None = None
    key_id: UUID | None = None


_ANY: Final = RunsWish()


async def list_runs(
    connection: AsyncConnection,
    view: RepoView,
    wish: RunsWish = _ANY,
    *,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> RunList:
    """One page of runs, the newest first; one statement."""
    before_at, before_id = decode_cursor(cursor, tuple[Instant, UUID]) if cursor else (None, None)
    rows = await _read(
        connection,
        view,
        state=wish.state,
        key_id=wish.key_id,
        run_id=None,
        before_at=before_at,
        before_id=before_id,
        limit=size + 1,
    )
    page, next_cursor = cut_page(rows, size, lambda row: (row["started_at"], row["id"]))
    return RunList([_run(row) for row in page], next_cursor)


async def find_run(connection: AsyncConnection, view: RepoView, run_id: UUID) -> tuple[RunRow, Sequence[Reason]]:
    """One run with the reasons that it kept; two statements. Raises `NotFound`."""
    anything = dict.fromkeys(("state", "key_id", "before_at", "before_id"))
    rows = await _read(connection, view, **anything, run_id=run_id, limit=1)
    if not rows:
        raise errors.NotFound("The repository has no such run.")
    found = await connection.execute(RUN_ERRORS, {"repo_id": view.access.id, "run_id": run_id})
    refused = [RefusedCommit(**reason) for reason in found.mappings()]
    return _run(rows[0]), [Reason(each, remedy_of(each.field)) for each in refused]


async def list_keys(connection: AsyncConnection, view: RepoView) -> Sequence[RunKey]:
    """The keys of the last runs, as far as the viewer sees them; one statement."""
    whose = asdict(keys_seen(view.principal, view.access))
    rows = (await connection.execute(RUN_KEYS, {"repo_id": view.access.id, **whose})).mappings()
    return [RunKey(**row) for row in rows]


async def _read(connection: AsyncConnection, view: RepoView, **wanted: Any) -> Sequence[RowMapping]:
    which = {"repo_id": view.access.id, "run_timeout": view.settings.run_timeout}
    whose = asdict(keys_seen(view.principal, view.access))
    return (await connection.execute(RUNS, {**which, **whose, **wanted})).mappings().all()


def _run(row: RowMapping) -> RunRow:
    state = RunState(row["seen_state"])
    is_open = state in (RunState.QUEUED, RunState.RUNNING)
    ended_at = row["now"] if is_open else row["finished_at"] or row["last_batch_at"]
    return RunRow(
        id=row["id"],
        state=state,
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        last_batch_at=row["last_batch_at"],
        lasted=ended_at - row["started_at"],
        batches=row["batches"],
        inserted=row["inserted"],
        known=row["skipped"],
        refused=row["errors"],
        client_version=row["client_version"],
        person=row["person"],
        key_name=row["key_name"],
        error_message=row["error_message"],
        is_pull=row["source"] == RunSource.PULL,
        phase=row["phase"] if state is RunState.RUNNING and row["phase"] != RunPhase.QUEUED else None,
        clock=_clock(row["clock_skew"]),
    )


def _clock(skew: timedelta | None) -> str | None:
    if skew is None or abs(skew) < _NOTABLE_SKEW:
        return None
    return f"its clock is {duration(abs(skew))} {'behind' if skew > timedelta() else 'ahead'}"
