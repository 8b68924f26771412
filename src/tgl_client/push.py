"""Carries a push out: asks, walks, sends, records. What to do is decided in `plan`, how to say it in `api`.

A push that breaks off anywhere leaves nothing to repair: commits are stored batch by batch, tips are recorded
last, and the next push asks the server what it lacks.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from msgspec import Struct

from tgl_client import errors
from tgl_client.address import Target
from tgl_client.api import Api
from tgl_client.batch import PACKED_RATIO, WIRE_BYTES, Batch, BatchLimits, cut
from tgl_client.delivery import Delivery, Terms
from tgl_client.history_thread import HistoryThread, opened
from tgl_client.plan import MISSING_CHUNK, WalkPlan, chunks, in_order, plan_walk, refs_to_record, should_say_in_step
from tgl_client.progress import Phase, Progress
from tgl_client.report import Tally
from tgl_client.stream import STREAM_FROM
from tgl_client.words import counted
from tgl_protocol import __version__, http
from tgl_protocol.commits import Capabilities, RepoStatus

if TYPE_CHECKING:
    from tgl_client.history import Engine, Repository

T = TypeVar("T")


class PushOptions(Struct, frozen=True):
    """What a push may be told; the defaults push every branch whole.

    `branches` are globs, `jobs` git processes (0: one for each core), `recheck` distrusts the recorded tips.
    More commits than `stream_from` go as one stream to a server that takes streams.
    """

    branches: tuple[str, ...] = ()
    remotes: bool = False
    since: datetime | None = None
    recheck: bool = False
    batch_size: int = http.MAX_COMMITS_PER_BATCH
    jobs: int = 0
    engine: "Engine | None" = None
    stream_from: int = STREAM_FROM


class Pending(Struct, frozen=True):
    """What a walk found and the server lacks, parents first."""

    plan: WalkPlan
    shas: list[bytes]


class Push:
    """One push of one repository; `tally` is true at every moment, also after a failure."""

    def __init__(self, api: Api, target: Target, options: PushOptions, progress: Progress) -> None:
        self.api = api.heard_by(lambda seconds, reason: progress.waiting(seconds, str(reason)))
        self.target = target
        self.options = options
        self.progress = progress
        self.tally = Tally()
        self.tips: dict[str, str] = {}
        self.status: RepoStatus | None = None
        self.run_id = _new_run_id()
        self._limits = BatchLimits(options.batch_size, WIRE_BYTES)
        self._terms = Terms(MISSING_CHUNK, stream_from=None)
        self._refs_chunk = http.MAX_REFS

    async def run(self, path: Path) -> None:
        """Send what the server lacks and record the tips; raises `TglError`."""
        async with self._looked_at(path) as (repository, thread, pending):
            if pending is None:
                await self._say_in_step()
                return
            if pending.shas:
                await self._delivery(repository, thread).deliver(pending.shas)
            await self._record(pending.plan)

    async def _say_in_step(self) -> None:
        """So that a quiet repository does not look forgotten; a run without batches leaves no run behind."""
        assert self.status is not None, "the status was asked for first"
        if self.tips and should_say_in_step(self.status, datetime.now(UTC)):
            await self.api.put_refs(self.target, {}, self.run_id)

    async def measure(self, path: Path) -> None:
        """Find out what `run` would do; what it would send is the tally's `not_sent`."""
        async with self._looked_at(path):
            pass

    async def preview(self, path: Path) -> AsyncGenerator[Batch, None]:
        """The batches that `run` would send; nothing is sent. Use it in `aclosing`."""
        async with self._looked_at(path) as (repository, thread, pending):
            if pending is not None:
                async with aclosing(self._batches(repository, thread, pending.shas)) as batches:
                    async for batch in batches:
                        yield batch

    @asynccontextmanager
    async def _looked_at(self, path: Path) -> AsyncGenerator[tuple["Repository", HistoryThread, Pending | None], None]:
        """The open repository and what the server lacks of it. The status is asked for while the repository opens."""
        async with meanwhile(self.api.status(self.target)) as asked, opened(path) as (repository, thread):
            self.tips = await thread.call(repository.tips, self.options.branches, remotes=self.options.remotes)
            self.status = await asked
            yield repository, thread, await self._find_pending(repository, thread, self.status)

    async def _find_pending(
        self, repository: "Repository", thread: HistoryThread, status: RepoStatus
    ) -> Pending | None:
        """None when every tip is recorded as it is."""
        plan = plan_walk(
            self.tips, status.refs, server_is_empty=status.total_commits == 0, recheck=self.options.recheck
        )
        if plan.nothing_new:
            return None
        async with meanwhile(self.api.capabilities()) as capabilities:
            shas = await self._walk(repository, thread, plan)
            self._adapt(await capabilities)
        return Pending(plan, await self._ask_missing(shas) if plan.ask_missing else shas)

    async def _walk(self, repository: "Repository", thread: HistoryThread, plan: WalkPlan) -> list[bytes]:
        if not plan.walk_from:
            return []
        self.progress.phase(Phase.WALKING)
        walk = await thread.call(repository.walk, plan.walk_from, plan.hidden, self.options.since)
        self.tally.held_back = walk.held_back
        self.tally.walked = len(walk.shas) + walk.held_back
        if walk.held_back:
            self.progress.warning(
                f"held back at the edge of this shallow clone: {counted(walk.held_back, 'commit')}",
                "their statistics would be wrong; `git fetch --unshallow` gets what is missing",
            )
        return walk.shas

    def _adapt(self, capabilities: Capabilities) -> None:
        """Keep to what this server offers."""
        if capabilities.protocol_version > http.PROTOCOL_VERSION or _is_older(__version__, capabilities.oldest_client):
            raise errors.UsageError(
                f"the server speaks to tgl {capabilities.oldest_client} and later, this is {__version__}",
                hint="upgrade with `pip install -U thegitleague`",
            )
        self.api.compress = "gzip" in capabilities.content_encodings and not self.api.url.is_loopback
        raw = WIRE_BYTES * (PACKED_RATIO if self.api.compress else 1)
        self._limits = BatchLimits(
            commits=max(1, min(self.options.batch_size, capabilities.limits.commits_per_batch)),
            body_bytes=min(raw, capabilities.limits.body_bytes),
        )
        self._terms = Terms(
            missing_chunk=max(1, min(MISSING_CHUNK, capabilities.limits.missing_shas)),
            stream_from=self.options.stream_from if http.COMMIT_STREAM in capabilities.features else None,
        )
        self._refs_chunk = max(1, capabilities.limits.refs)

    async def _ask_missing(self, shas: list[bytes]) -> list[bytes]:
        if not shas:
            return []
        self.progress.phase(Phase.ASKING, len(shas))
        missing: set[str] = set()
        for part in chunks(shas, self._terms.missing_chunk):
            missing.update(await self.api.missing(self.target, part))
            self.progress.advance(len(part))
        pending = in_order(shas, missing)
        self.tally.already_there += len(shas) - len(pending)
        return pending

    def _batches(
        self, repository: "Repository", thread: HistoryThread, shas: list[bytes]
    ) -> AsyncGenerator[Batch, None]:
        commits = repository.commits(shas, engine=self.options.engine, jobs=self.options.jobs)
        return thread.stream(cut(thread.until_stopped(commits), self._limits))

    def _delivery(self, repository: "Repository", thread: HistoryThread) -> Delivery:
        return Delivery(
            self.api,
            self.target,
            self.run_id,
            terms=self._terms,
            read=lambda shas: self._batches(repository, thread, shas),
            tally=self.tally,
            progress=self.progress,
        )

    async def _record(self, plan: WalkPlan) -> None:
        """Record the tips that the server has all of, and close the run."""
        complete = self.options.since is None and not self.tally.held_back and not self.tally.refused
        refs = refs_to_record(plan, complete=complete)
        opened_run = bool(self.tally.sent or self.tally.refused)
        parts = [dict(part) for part in _split(refs, self._refs_chunk)] or ([{}] if opened_run else [])
        for number, part in enumerate(parts, start=1):
            # Also where every commit was there already: whoever brought them may have been killed before this.
            closing = number == len(parts)
            await self.api.put_refs(self.target, part, self.run_id if closing else None)
            self.tally.refs_recorded += len(part)


@asynccontextmanager
async def meanwhile(coroutine: Coroutine[Any, Any, T]) -> AsyncGenerator[asyncio.Task[T], None]:
    """Runs beside the block and ends with it; an error that nobody awaited any more is dropped."""
    task = asyncio.ensure_future(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _split(refs: dict[str, str], size: int) -> list[list[tuple[str, str]]]:
    items = sorted(refs.items())
    return [items[start : start + size] for start in range(0, len(items), size)]


def _is_older(version: str, oldest: str) -> bool:
    """Compares the leading numbers; a version that cannot be read is not older."""
    try:
        return tuple(map(int, version.split(".")[:3])) < tuple(map(int, oldest.split(".")[:3]))
    except ValueError:
        return False


def _new_run_id() -> UUID:
    """A random version 4 UUID without importing more than the bytes it needs."""
    return UUID(bytes=os.urandom(16), version=4)
