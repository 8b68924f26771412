"""Workers make the comparisons that people ask for, one at a time, each in a process of its own.

The process is `tgl-server repos compare`, so that a browser shows what the command prints. It has a worker's bound of
memory, and ends with the worker. A worker that dies leaves a lease that ends.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import structlog
from msgspec import Struct

from tgl_protocol.comparison import Comparison
from tgl_server.access.ids import RepoId
from tgl_server.background import run_until_cancelled
from tgl_server.db.away import may_pass
from tgl_server.db.engine import Database
from tgl_server.migration import comparison_queries as queries
from tgl_server.pull.mirrors import this_host
from tgl_server.pull.queue import LEASE, PREFERRED, RENEW_SECONDS
from tgl_server.settings import Settings

log = structlog.get_logger()

LOOK_SECONDS: Final = 2.0
LONGEST: Final = timedelta(hours=1)
_MOST_ATTEMPTS: Final = 3
_DIED: Final = "it was broken off three times; ask whoever runs this server to run `tgl-server repos compare`"
_TOO_LONG: Final = "it took longer than an hour; on the server, `tgl-server repos compare --sample 1000` is quicker"


class _Job(Struct, frozen=True):
    repo_id: RepoId
    token: UUID
    attempts: int

    @property
    def key(self) -> dict[str, Any]:
        return {"repo_id": self.repo_id, "token": self.token}


class _Outcome(Struct, frozen=True):
    """What `repos compare --json` prints of a repository."""

    comparison: Comparison | None = None
    error: str | None = None


class _Printed(Struct, frozen=True):
    repos: list[_Outcome]


@asynccontextmanager
async def comparing(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Make comparisons while the block runs; one that is under way at its end is given back."""
    async with run_until_cancelled(_work(database, settings)):
        yield


async def _work(database: Database, settings: Settings) -> None:
    while True:
        try:
            job = await _claimed(database)
            if job is not None:
                await _make(database, settings, job)
                continue
        except Exception as error:
            # Nobody looks at this task before the worker ends: whatever it is, the next look may succeed.
            log.warning("comparison_failed", reason=type(error).__name__, exc_info=not may_pass(error))
        await asyncio.sleep(LOOK_SECONDS)


async def _claimed(database: Database) -> _Job | None:
    """A job, which is given back if this is cancelled: the claim ends first, as nobody knows what half a COMMIT did."""
    claim = asyncio.create_task(_claim(database))
    try:
        return await asyncio.shield(claim)
    except asyncio.CancelledError:
        with suppress(Exception):
            job = await claim
            if job is not None:
                await _give_back(database, job)
        raise


async def _claim(database: Database) -> _Job | None:
    token = uuid4()
    async with database.transaction() as tx:
        wanted = {"token": token, "lease": LEASE, "host": this_host(), "preferred": PREFERRED}
        row = (await tx.execute(queries.CLAIM, wanted)).one_or_none()
    return None if row is None else _Job(RepoId(row.repo_id), token, row.attempts)


async def _make(database: Database, settings: Settings, job: _Job) -> None:
    if job.attempts > _MOST_ATTEMPTS:
        await _finish(database, job, _Outcome(error=_DIED))
        return
    log.info("comparison_begun", repo_id=str(job.repo_id))
    renewing = asyncio.create_task(_renew(database, job))
    try:
        outcome = await _compare(settings, job)
    except asyncio.CancelledError:
        with suppress(Exception):
            await _give_back(database, job)
        raise
    finally:
        renewing.cancel()
    await _finish(database, job, outcome)
    log.info("comparison_ended", repo_id=str(job.repo_id), error=outcome.error)


async def _compare(settings: Settings, job: _Job) -> _Outcome:
    """Run the command to its end; a process that prints nothing of ours has broken down."""
    options = ("--json", "--stop-with", str(os.getpid()))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tgl_server", "repos", "compare", str(job.repo_id), *options),
        env={**os.environ, "TGL_DATABASE_URL": settings.database_url},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LONGEST.total_seconds()):
            printed, _ = await process.communicate()
    except TimeoutError:
        return _Outcome(error=_TOO_LONG)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        (outcome,) = msgspec.json.decode(printed, type=_Printed).repos
    except (msgspec.DecodeError, ValueError):
        return _Outcome(error=f"the comparison ended with status {process.returncode}; the worker's log says why")
    return outcome


async def _renew(database: Database, job: _Job) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        with suppress(Exception):  # the lease is longer than several renewals
            async with database.transaction() as tx:
                await tx.execute(queries.RENEW, {**job.key, "lease": LEASE})


async def _give_back(database: Database, job: _Job) -> None:
    async with database.transaction() as tx:
        await tx.execute(queries.GIVE_BACK, job.key)


async def _finish(database: Database, job: _Job, outcome: _Outcome) -> None:
    result = None if outcome.comparison is None else msgspec.json.encode(outcome.comparison).decode()
    async with database.transaction() as tx:
        await tx.execute(queries.FINISH, {**job.key, "result": result, "error": outcome.error})
