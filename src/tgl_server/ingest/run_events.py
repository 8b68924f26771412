"""The events of runs that end, and of repositories that get into trouble and out of it."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.commits import RunSource, RunState
from tgl_protocol.events import CommitsStored, EventType, RepoInTrouble, RepoRecovered, RunEnded, Trouble
from tgl_server.events.service import record_event
from tgl_server.ingest import event_queries as queries
from tgl_server.projects.freshness import seconds_of

_TYPES = {Trouble.FAILING: EventType.REPO_FAILING, Trouble.STALE: EventType.REPO_STALE}


async def tell_runs(tx: AsyncSession, repo_id: UUID, run_ids: Iterable[UUID], *, also_empty: bool = False) -> None:
    """Record that runs have ended, once for each; one without a batch found nothing new, and is left out.

    A run that goes on after its end, as an interrupted pull does, ends again with more, which is told too.
    """
    for run_id in run_ids:
        which = {"repo_id": repo_id, "run_id": run_id}
        row = (await tx.execute(queries.ENDED_RUN, which)).mappings().one_or_none()
        if row is None:
            continue
        if row["state"] == RunState.DONE:
            if row["batches"] or also_empty:
                await _record_end(tx, EventType.RUN_FINISHED, row, f"{run_id}:{row['batches']}")
        else:
            await _record_end(tx, EventType.RUN_FAILED, row, str(run_id))
        if row["inserted"]:
            await _record_stored(tx, row)


async def _record_end(tx: AsyncSession, type_: EventType, row: RowMapping, once: str) -> None:
    ended = RunEnded(
        run_id=row["id"],
        source=RunSource(row["source"]),
        state=RunState(row["state"]),
        total=row["total"],
        inserted=row["inserted"],
        skipped=row["skipped"],
        errors=row["errors"],
        started_at=row["started_at"],
        error=row["error_message"],
    )
    await record_event(tx, type_, ended, repo_id=row["repo_id"], once=f"{type_}:{once}")


async def _record_stored(tx: AsyncSession, row: RowMapping) -> None:
    first, last = (None if sha is None else sha.hex() for sha in (row["first_sha"], row["last_sha"]))
    stored = CommitsStored(run_id=row["id"], count=row["inserted"], first_sha=first, last_sha=last)
    once = f"{EventType.COMMITS_STORED}:{row['id']}:{row['inserted']}"
    await record_event(tx, EventType.COMMITS_STORED, stored, repo_id=row["repo_id"], once=once)


async def tell_troubles(tx: AsyncSession) -> None:
    """Record which repositories are failing or stale and were not, and which have recovered from all of it.

    The caller lets one process at a time in; what has been told is a row of `repo_troubles`.
    """
    for row in (await tx.execute(queries.BEGUN_TROUBLES)).mappings().all():
        trouble = Trouble(row["trouble"])
        data = RepoInTrouble(
            last_success_at=row["last_success_at"],
            cadence_seconds=seconds_of(row["cadence"]),
            error=row["error_message"] if trouble is Trouble.FAILING else None,
        )
        await record_event(tx, _TYPES[trouble], data, repo_id=row["repo_id"])
    for row in (await tx.execute(queries.ENDED_TROUBLES)).mappings().all():
        recovered = RepoRecovered(
            troubles=[Trouble(trouble) for trouble in row["troubles"]],
            since=row["since"],
            last_success_at=row["last_success_at"],
        )
        await record_event(tx, EventType.REPO_RECOVERED, recovered, repo_id=row["repo_id"])
