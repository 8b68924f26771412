"""Finding and repairing faults, each in a transaction of its own, under its repository's lock."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping, TextClause
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.commits.models import IngestKind
from tgl_server.commits.queries import RENEW_LAST_SHA
from tgl_server.commits.service import delete_stored, lock_state, log_change
from tgl_server.db.engine import Database
from tgl_server.db.rows import changed_rows
from tgl_server.followers.follower import Follower, Followers
from tgl_server.followers.service import follow_anew, forget_repos, hold_mark, is_followed
from tgl_server.projects.freshness import INTERRUPTIONS
from tgl_server.verify import queries
from tgl_server.verify.actions import VerifyAction


class FaultKind(StrEnum):
    """The kinds of faults, each with what its repair does."""

    NO_STATE = "no state"  # the repository has no row of `repo_states`: made anew from its commits and runs
    COUNTER = "counter"  # total_commits is not the number of rows: counted again
    LAST_SHA = "last sha"  # last_ingested_sha is not stored: the newest commit takes its place
    NO_MARK = "no mark"  # a follower does not follow the repository: marked, and its results computed
    FOLLOWER = "follower"  # a follower's results differ from the commits: computed anew
    ORPHANS = "orphans"  # rows of a deleted repository: deleted
    LOG = "log"  # the ingest log does not match the commits: corrected, and its followers start anew
    LOST_REF = "lost ref"  # a tip whose commit is not stored: deleted, so that the next push sends it
    TIPS = "tips"  # number or digest of the recorded tips is not that of the rows: computed anew
    OPEN_RUN = "open run"  # a run without a batch for longer than the timeout: closed as interrupted


class Fault(Struct, frozen=True):
    """One fault of a repository; `subject` is the ref, run or follower, if it is about one."""

    kind: FaultKind
    repo_id: RepoId
    repo: str
    found: str
    expected: str
    subject: str = ""


async def find_faults(database: Database, run_timeout: timedelta, followers: Followers) -> list[Fault]:
    """All faults at this moment; takes no lock and waits for nobody."""
    async with database.statements() as connection:
        found = [fault async for fault in _find(connection, run_timeout)]
        return found + [fault async for fault in _find_of_followers(connection, followers)]


async def repair(database: Database, fault: Fault, run_timeout: timedelta, followers: Followers) -> bool:
    """Repair a fault, and write that to the audit log; False if it is no longer there."""
    async with database.transaction() as tx:
        # Marks come before states in the order of locks.
        if fault.kind in _REPAIRS_OF_FOLLOWERS:
            is_repaired = await _REPAIRS_OF_FOLLOWERS[fault.kind](tx, fault, followers)
        else:
            await lock_state(tx, fault.repo_id)
            is_repaired = await _REPAIRS[fault.kind](tx, fault, run_timeout)
        if is_repaired:
            details = {"fault": fault.kind, "found": fault.found, "expected": fault.expected, "subject": fault.subject}
            await record(tx, Actor().did(VerifyAction.REPO_REPAIRED, "repo", fault.repo_id, **details))
    return is_repaired


async def _find(connection: AsyncConnection, run_timeout: timedelta) -> AsyncIterator[Fault]:
    for row in await _rows(connection, queries.FIND_STATELESS):
        yield Fault(FaultKind.NO_STATE, row["id"], row["repo"], "none", "one")
    for row in await _rows(connection, queries.FIND_REPO_FAULTS):
        for fault in _repo_faults(row):
            yield fault
    for row in await _rows(connection, queries.FIND_LOG_FAULTS):
        found, expected = f"{row['moments']} moments differ", "none"
        if not row["moments"]:
            found, expected = f"counted to {row['ingest_seq']}", str(row["last"])
        yield Fault(FaultKind.LOG, row["id"], row["repo"], found, expected)
    for row in await _rows(connection, queries.FIND_ORPHANS):
        kinds = "commits", "refs", "runs", "run_errors", "states", "log_rows", "marks"
        held = ", ".join(f"{row[kind]} {kind.replace('_', ' ')}" for kind in kinds if row[kind])
        yield Fault(FaultKind.ORPHANS, row["repo_id"], str(row["repo_id"]), held, "none")
    for row in await _rows(connection, queries.FIND_LOST_REFS):
        yield Fault(FaultKind.LOST_REF, row["repo_id"], row["repo"], row["sha"].hex(), "a stored commit", row["name"])
    for row in await _rows(connection, queries.FIND_WRONG_TIPS):
        found, expected = str(row["refs_total"]), str(row["total"])
        if found == expected:
            found, expected = "another digest", "that of the tips"
        yield Fault(FaultKind.TIPS, row["id"], row["repo"], found, expected)
    for row in await _rows(connection, queries.FIND_OPEN_RUNS, run_timeout=run_timeout):
        since = f"silent since {row['last_batch_at']:%Y-%m-%d %H:%M}"
        yield Fault(FaultKind.OPEN_RUN, row["repo_id"], row["repo"], since, "closed", str(row["id"]))


async def _find_of_followers(connection: AsyncConnection, followers: Followers) -> AsyncIterator[Fault]:
    names = [follower.name for follower in followers]
    for row in await _rows(connection, queries.FIND_UNMARKED, followers=names):
        yield Fault(FaultKind.NO_MARK, row["id"], row["repo"], "none", "one", row["follower"])
    for follower in followers:
        for repo_id in await follower.find_wrong(connection):
            repo = await connection.scalar(queries.NAME_OF_REPO, {"repo_id": repo_id})
            what = "other than its commits say", "what they say"
            yield Fault(FaultKind.FOLLOWER, RepoId(repo_id), repo or str(repo_id), *what, follower.name)


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


async def _create_state(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    if await tx.scalar(queries.HOLD_REPO, {"repo_id": fault.repo_id}) is None:
        return False
    return await _changes(tx, queries.CREATE_STATE_ANEW, repo_id=fault.repo_id)


async def _recount(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    return await _changes(tx, queries.RECOUNT, repo_id=fault.repo_id)


async def _renew_last_sha(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    return await _changes(tx, RENEW_LAST_SHA, repo_id=fault.repo_id)


async def _rebuild_log(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    return await _changes(tx, queries.REBUILD_LOG, repo_id=fault.repo_id)


async def _delete_orphans(tx: AsyncSession, fault: Fault, followers: Followers) -> bool:
    """Delete a deleted repository's rows; nobody can push to it, so there is nothing to lock."""
    if not await tx.scalar(queries.IS_GONE, {"repo_id": fault.repo_id}):
        return False
    await forget_repos(tx, followers, [fault.repo_id])
    await delete_stored(tx, [fault.repo_id])
    return True


async def _make_mark(tx: AsyncSession, fault: Fault, followers: Followers) -> bool:
    if await is_followed(tx, fault.repo_id, fault.subject):
        return False
    return await follow_anew(tx, _named(followers, fault.subject), fault.repo_id)


async def _renew_follower(tx: AsyncSession, fault: Fault, followers: Followers) -> bool:
    """Compute a follower's results anew, if they are still wrong under the lock of the mark."""
    follower = _named(followers, fault.subject)
    await hold_mark(tx, fault.repo_id, follower)
    if fault.repo_id not in await follower.find_wrong(tx):
        return False
    if await tx.scalar(queries.IS_GONE, {"repo_id": fault.repo_id}):
        await forget_repos(tx, [follower], [fault.repo_id])
        return True
    return await follow_anew(tx, follower, fault.repo_id)


def _named(followers: Followers, name: str) -> Follower:
    return next(follower for follower in followers if follower.name == name)


async def _forget_ref(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    if not await _changes(tx, queries.FORGET_LOST_REF, repo_id=fault.repo_id, name=fault.subject):
        return False
    await log_change(tx, fault.repo_id, IngestKind.REFS)
    return True


async def _renew_tips(tx: AsyncSession, fault: Fault, _: timedelta) -> bool:
    return await _changes(tx, queries.RENEW_TIPS, repo_id=fault.repo_id)


async def _close_run(tx: AsyncSession, fault: Fault, run_timeout: timedelta) -> bool:
    whose = {"repo_id": fault.repo_id, "run_id": UUID(fault.subject)}
    return await _changes(tx, queries.CLOSE_RUN, **whose, run_timeout=run_timeout, **INTERRUPTIONS)


async def _changes(tx: AsyncSession, statement: TextClause, **parameters: Any) -> bool:
    return await changed_rows(tx, statement, **parameters) > 0


_REPAIRS: dict[FaultKind, Callable[[AsyncSession, Fault, timedelta], Awaitable[bool]]] = {
    FaultKind.NO_STATE: _create_state,
    FaultKind.COUNTER: _recount,
    FaultKind.LAST_SHA: _renew_last_sha,
    FaultKind.LOG: _rebuild_log,
    FaultKind.LOST_REF: _forget_ref,
    FaultKind.TIPS: _renew_tips,
    FaultKind.OPEN_RUN: _close_run,
}

_REPAIRS_OF_FOLLOWERS: dict[FaultKind, Callable[[AsyncSession, Fault, Followers], Awaitable[bool]]] = {
    FaultKind.ORPHANS: _delete_orphans,
    FaultKind.NO_MARK: _make_mark,
    FaultKind.FOLLOWER: _renew_follower,
}
