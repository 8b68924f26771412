"""One pull, from its lease to its end: fetch, store, record; however it ends, the queue and its run are told.

Beside the work runs the renewal of the lease. It ends the work when somebody cancels the pull, when clients push to the
repository from now on, and when the lease is lost: then nothing is told, as another worker goes on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.commits import RunPhase
from tgl_protocol.http import MAX_REFS
from tgl_server.credentials.opening import note_use, open_credential
from tgl_server.db.away import may_pass
from tgl_server.db.clock import database_now
from tgl_server.db.engine import Database
from tgl_server.ingest import pulled
from tgl_server.ingest.refs import update_refs
from tgl_server.ingest.refusals import LeaseLost
from tgl_server.pull import queries, queue
from tgl_server.pull.failures import MOST_ATTEMPTS, MOST_REFUSALS, WORKERS_DIED, Failure, explain
from tgl_server.pull.mirrors import delete_mirror, mirror_of, this_host
from tgl_server.pull.models import Cause
from tgl_server.pull.plan import parts_of
from tgl_server.pull.queue import LEASE, RENEW_SECONDS, Ending, Lease, Sign
from tgl_server.pull.reading import READING
from tgl_server.pull.schedule import after_failure, next_moment
from tgl_server.pull.storing import Stored, store_new
from tgl_server.remotes import Reason, RemoteFailed, RemoteRefused, fetch, policy_of, size_of
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings

log = structlog.get_logger()


class Pull:
    """A pull that is under way; `jobs` is the number of processes that count lines, 0 for one per core."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        lease: Lease,
        *,
        jobs: int = 0,
        renew_seconds: float = RENEW_SECONDS,
        reading: timedelta = READING,
    ) -> None:
        self._database = database
        self._settings = settings
        self._lease = lease
        self._jobs = jobs
        self._renew_seconds = renew_seconds
        self._reading = reading
        self._sealer = Sealer(settings.secrets_keys)
        self._mirror: Path = mirror_of(settings, lease.repo_id)
        self._phase = RunPhase.FETCHING

    async def run(self) -> None:
        """Pull to the end; when it is cancelled, the pull is given back for another worker to go on."""
        working = asyncio.create_task(self._work())
        keeping = asyncio.create_task(self._keep())
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
            has_ended_by_itself = working.done()
            await _ended(working, keeping)
            if has_ended_by_itself:
                await self._tell(working)
            else:
                sign = keeping.result()
                await self._insist(lambda: self._stopped(sign))
        except asyncio.CancelledError:
            await _ended(working, keeping)
            await self._give_back()
            raise

    async def _work(self) -> None:
        if self._lease.attempts > MOST_ATTEMPTS:
            await self._fail(WORKERS_DIED)
        else:
            await self._fetch()
            stored = await store_new(
                self._database,
                self._settings,
                self._lease.push,
                self._mirror,
                self._enter,
                jobs=self._jobs,
                reading=self._reading,
            )
            await self._succeed(stored)

    async def _fetch(self) -> None:
        """Fetch from the address of now, which need not be that of the claim."""
        policy = policy_of(self._settings)
        async with self._database.transaction() as tx:
            url = await tx.scalar(queries.HOLD_ADDRESS, {"repo_id": self._lease.repo_id})
            if url is None:
                raise RemoteRefused("the repository has no git_url to pull from", "set its git_url", Reason.ADDRESS)
            credential = await open_credential(tx, self._sealer, policy, self._lease.repo_id)
        try:
            await fetch(url, self._mirror, policy=policy, credential=credential)
        except OSError as error:  # else it would be taken for a database that is away
            raise RemoteFailed(
                f"the server's copy cannot be written: {error.strerror or type(error).__name__}",
                "the operator looks into the folder of mirrors",
            ) from error

    async def _keep(self) -> Sign:
        """Renew the lease until it is of no use any more; the reason."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(self._renew_seconds)
            try:
                sign = await self._renew()
            except Exception as error:
                if not may_pass(error):
                    raise
                log.warning("lease_not_renewed", reason=type(error).__name__, **self._names)
                if time.monotonic() - renewed > LEASE.total_seconds():
                    return Sign.LOST
                continue
            if sign is not Sign.GO_ON:
                return sign
            renewed = time.monotonic()

    async def _enter(self, phase: RunPhase) -> None:
        """Begin a phase, unless the lease is lost; whatever else the renewal hears is for the next one."""
        self._phase = phase
        if await self._renew() is Sign.LOST:
            raise LeaseLost

    async def _renew(self) -> Sign:
        async with self._database.transaction() as tx:
            return await queue.renew(tx, self._lease, self._phase)

    async def _tell(self, working: "asyncio.Task[None]") -> None:
        """End a pull whose work has ended by itself."""
        error = working.exception()
        if error is None:
            return
        if isinstance(error, LeaseLost):
            log.warning("pull_lost", **self._names)
        elif not isinstance(error, Exception):
            raise error
        elif isinstance(error, OSError):
            # A database that is away cannot be told. A disk may be broken for long, and would be tried at once.
            log.warning("pull_interrupted", reason=type(error).__name__, **self._names)
        elif may_pass(error):
            # It says nothing about the remote, and no worker was lost: any of them goes on.
            log.warning("pull_interrupted", reason=type(error).__name__, **self._names)
            await self._insist(self._let_go)
        else:
            failure = self._explained(error)
            await self._insist(lambda: self._fail(failure))

    async def _insist(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do a pull's last act, again where it fails for a reason that may pass, until the lease has ended."""
        until = time.monotonic() + LEASE.total_seconds()
        while True:
            try:
                return await act()
            except Exception as error:
                if not may_pass(error):
                    raise
                log.warning("pull_not_ended", reason=type(error).__name__, **self._names)
                if time.monotonic() > until:
                    return None
            await asyncio.sleep(self._renew_seconds / 3)

    def _explained(self, error: Exception) -> Failure:
        failure = explain(error, self._mirror)
        if failure.is_unexpected:
            log.error("pull_failed", exc_info=error, **self._names)
        return failure

    async def _succeed(self, stored: Stored) -> None:
        size = await asyncio.to_thread(size_of, self._mirror)
        async with self._database.transaction() as tx:
            moment = next_moment(self._lease.cron, self._lease.timezone, await database_now(tx))
            await self._end(tx, Ending(next_due_at=moment, mirror_host=this_host(), mirror_bytes=size))
            for part in parts_of(stored.refs, MAX_REFS):
                await update_refs(tx, self._lease.push, part, stored.last_removal, max_refs=0, head=stored.head)
            await note_use(tx, self._lease.repo_id, refused=False)
            if self._lease.cause is Cause.SCHEDULE:
                await pulled.drop_empty_run(tx, self._lease.repo_id, self._lease.run_id)
            else:
                await pulled.tell_run(tx, self._lease.repo_id, self._lease.run_id)
        log.info("pull_done", **self._names)

    async def _fail(self, failure: Failure) -> None:
        lease = self._lease
        if failure.is_mirror_spoilt or (failure.is_mirror_suspect and lease.failures):
            await delete_mirror(self._mirror)
        refusals = lease.refusals + 1 if failure.is_refusal else 0
        is_paused = failure.pauses or refusals >= MOST_REFUSALS
        async with self._database.transaction() as tx:
            now = await database_now(tx)
            moment = next_moment(lease.cron, lease.timezone, now)
            ending = Ending(
                next_due_at=after_failure(moment, lease.failures + 1, now, Random()),  # noqa: S311 -- no secret
                failures=lease.failures + 1,
                refusals=refusals,
                failure_code=failure.code,
                paused_reason=str(failure) if is_paused else None,
            )
            if await queue.done(tx, lease, ending):
                await pulled.fail_run(tx, lease.repo_id, lease.run_id, str(failure))
                if failure.are_credentials_refused:
                    await note_use(tx, lease.repo_id, refused=True)
        log.warning("pull_failed", reason=str(failure), is_paused=is_paused, **self._names)

    async def _stopped(self, sign: Sign) -> None:
        """End a pull that was cancelled; one that was lost has ended elsewhere."""
        lease = self._lease
        if sign is not Sign.LOST:
            words = queue.CANCELLED if sign is Sign.CANCELLED else queue.PUSHED_NOW
            async with self._database.transaction() as tx:
                moment = next_moment(lease.cron, lease.timezone, await database_now(tx))
                if await queue.done(tx, lease, _untried(lease, moment)):
                    await pulled.cancel_runs(tx, lease.repo_id, [lease.run_id], words)
        log.info("pull_stopped", sign=str(sign), **self._names)

    async def _end(self, tx: AsyncSession, ending: Ending) -> None:
        if not await queue.done(tx, self._lease, ending):
            raise LeaseLost

    async def _give_back(self) -> None:
        """Let another worker go on; where the database is away, it does when the lease has ended."""
        with suppress(SQLAlchemyError, OSError):
            await self._let_go()

    async def _let_go(self) -> None:
        async with self._database.transaction() as tx:
            await queue.give_back(tx, self._lease)
        log.info("pull_given_back", **self._names)

    @property
    def _names(self) -> dict[str, str]:
        return {"repo_id": str(self._lease.repo_id), "run_id": str(self._lease.run_id)}


def _untried(lease: Lease, next_due_at: datetime | None) -> Ending:
    """What the queue remembers of a pull that says nothing about the remote."""
    return Ending(next_due_at=next_due_at, failures=lease.failures, refusals=lease.refusals)


async def _ended(*tasks: "asyncio.Task[None] | asyncio.Task[Sign]") -> None:
    """Cancel tasks and wait until they have ended, whatever they end with."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
