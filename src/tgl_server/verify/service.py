"""Find what does not agree, and repair it: each fault in a transaction of its own, under its repository's lock."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from msgspec import Struct
from sqlalchemy import CursorResult, RowMapping, TextClause
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import Actor, record
from tgl_server.commits.service import delete_stored
from tgl_server.db.engine import Database
from tgl_server.ingest.queries import LOCK_REPO
from tgl_server.ingest.sweep import INTERRUPTED
from tgl_server.projects.models import RepoId
from tgl_server.verify import queries


class FaultKind(StrEnum):
    """What can be wrong, and what repairing it does."""

    COUNTER = "counter"  # total_commits is not the number of rows: counted again
    LAST_SHA = "last sha"  # last_ingested_sha is not stored: the newest commit takes its place
    ORPHANS = "orphans"  # rows of a repository that is gone: deleted
    LOST_REF = "lost ref"  # a tip whose commit is not stored: forgotten, so that the next push sends it
    OPEN_RUN = "open run"  # without a batch for longer than the timeout: closed as interrupted


class Fault(Struct, frozen=True):
    """`subject` is the ref or run, if it is about one."""

    kind: FaultKind
    repo_id: RepoId
    repo: str
    found: str
    expected: str
    subject: str = ""


async def find_faults(database: Database, run_timeout: timedelta) -> list[Fault]:
    """All that is wrong at this moment. Takes no lock and waits for nobody."""
    async with database.statements() as connection:
        return [fault async for fault in _find(connection, run_timeout)]


async def repair(database: Database, fault: Fault, run_timeout: timedelta) -> bool:
    """False where there was nothing to repair any more. Every repair is in the audit log."""
    async with database.transaction() as tx:
        await tx.execute(LOCK_REPO, {"repo_id": fault.repo_id})
        is_repaired = await _REPAIRS[fault.kind](tx, fault, run_timeout)
        if is_repaired:
            details = {"fault": fault.kind, "found": fault.found, "expected": fault.expected, "subject": fault.subject}
            await record(tx, Actor().did(AuditAction.REPO_REPAIRED, "repo", fault.repo_id, **details))
    return is_repaired


async def _find(connection: AsyncConnection, run_timeout: timedelta) -> AsyncIterator[Fault]:
    for row in await _rows(connection, queries.FIND_REPO_FAULTS):
        for fault in _repo_faults(row):
            yield fault
    for row in await _rows(connection, queries.FIND_ORPHANS):
        held = ", ".join(f"{row[what]} {what}" for what in ("commits", "refs", "runs") if row[what])
        yield Fault(FaultKind.ORPHANS, row["repo_id"], str(row["repo_id"]), held, "none")
    for row in await _rows(connection, queries.FIND_LOST_REFS):
        yield Fault(FaultKind.LOST_REF, row["repo_id"], row["repo"], row["sha"].hex(), "a stored commit", row["name"])
    for row in await _rows(connection, queries.FIND_OPEN_RUNS, run_timeout=run_timeout):
        since = f"silent since {row['last_batch_at']:%Y-%m-%d %H:%M}"
        yield Fault(FaultKind.OPEN_RUN, row["repo_id"], row["repo"], since, "closed", str(row["id"]))


def _repo_faults(row: RowMapping) -> list[Fault]:
    faults = []
    if row["total_commits"] != row["stored"]:
        found, expected = str(row["total_commits"]), str(row["stored"])
        faults.append(Fault(FaultKind.COUNTER, row["id"], row["repo"], found, expected))
    sha = row["last_ingested_sha"]
    if not row["has_last"] and (sha is not None or row["stored"]):
        found, expected = sha.hex() if sha else "none", "a stored commit" if row["stored"] else "none"
        faults.append(Fault(FaultKind.LAST_SHA, row["id"], row["repo"], found, expected))
    return faults


async def _rows(connection: AsyncConnection, query: TextClause, **parameters: Any) -> list[RowMapping]:
    return list((await connection.execute(query, parameters)).mappings())


async def _recount(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    return await _changes(tx, queries.RECOUNT, repo_id=fault.repo_id)


async def _renew_last_sha(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    return await _changes(tx, queries.RENEW_LAST_SHA, repo_id=fault.repo_id)


async def _delete_orphans(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    """Its row is gone, so nobody can push to it: there is nothing to lock."""
    if not await tx.scalar(queries.IS_GONE, {"repo_id": fault.repo_id}):
        return False
    await delete_stored(tx, [fault.repo_id])
    return True


async def _forget_ref(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    return await _changes(tx, queries.FORGET_LOST_REF, repo_id=fault.repo_id, name=fault.subject)


async def _close_run(tx: AsyncSession, fault: Fault, run_timeout: timedelta) -> bool:
    whose = {"repo_id": fault.repo_id, "run_id": UUID(fault.subject)}
    return await _changes(tx, queries.CLOSE_RUN, **whose, run_timeout=run_timeout, message=INTERRUPTED)


async def _changes(tx: AsyncSession, statement: TextClause, **parameters: Any) -> bool:
    return cast("CursorResult[object]", await tx.execute(statement, parameters)).rowcount > 0


_REPAIRS: dict[FaultKind, Callable[[AsyncSession, Fault, timedelta], Awaitable[bool]]] = {
    FaultKind.COUNTER: _recount,
    FaultKind.LAST_SHA: _renew_last_sha,
    FaultKind.ORPHANS: _delete_orphans,
    FaultKind.LOST_REF: _forget_ref,
    FaultKind.OPEN_RUN: _close_run,
}
