"""Carries a push out: asks, walks, sends, records. What to do is decided in `plan`, how to send it in `send`.

A push that breaks off anywhere leaves nothing to repair: commits are stored batch by batch, tips are recorded
last, and the next push asks the server what is missing.
"""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from msgspec import Struct

from tgl_client import errors
from tgl_client.http.address import Target
from tgl_client.http.api import Api
from tgl_client.http.batch import PACKED_RATIO, WIRE_BYTES, Batch, BatchLimits, cut
from tgl_client.pushing.branches import chosen, unmatched
from tgl_client.pushing.explained import explained
from tgl_client.pushing.histories import Apart, find_apart
from tgl_client.pushing.meanwhile import meanwhile
from tgl_client.pushing.missing import ask_missing
from tgl_client.pushing.options import PushOptions
from tgl_client.pushing.plan import MISSING_CHUNK, WalkPlan, plan_walk, refs_to_record, should_confirm
from tgl_client.pushing.reader import HistoryThread, opened
from tgl_client.pushing.recording import FEW_REFS, Recording
from tgl_client.pushing.send import Delivery, Terms
from tgl_client.pushing.tally import Tally, make_report
from tgl_client.report import PushReport, PushState, damage_in_words
from tgl_client.terminal.progress import Phase, Progress
from tgl_client.terminal.words import counted, is_older
from tgl_protocol import __version__, http
from tgl_protocol.commits import Capabilities, RepoStatus

if TYPE_CHECKING:
    from tgl_history import GeneratedFiles, Repository, Walk

T = TypeVar("T")

#: What repairs a repository; a plain fetch asks for nothing that lies below a commit that is here.
DAMAGE_HINT: Final = "run `git fsck` there; a plain `git fetch` does not bring them back: `git fetch --refetch` may"

_SHOWN_BRANCHES: Final = 3
#: The time that an interrupted push may take to ask what of it was stored.
SETTLE_SECONDS: Final = 3.0


class Pending(Struct, frozen=True):
    """The commits that a walk found and that are missing on the server, parents first."""

    plan: WalkPlan
    shas: list[bytes]


class Push:
    """One push of one repository; `tally` is true at every moment, also after a failure."""

    def __init__(self, api: Api, path: Path, target: Target, options: PushOptions, progress: Progress | None) -> None:
        self.api = api
        if progress is not None:  # else whoever made the client hears of its waits
            self.api = api.heard_by(lambda seconds, reason: progress.waiting(seconds, str(reason)))
        self.path = path
        self.target = target
        self.options = options
        self.progress = progress or Progress()
        self.tally = Tally(since=options.since)
        self.tips: dict[str, str] = {}
        self.status: RepoStatus | None = None
        #: Set if the server has another history in the repository, unless the options join them.
        self.apart: Apart | None = None
        #: What the server offers; empty until a push asks.
        self.features: frozenset[str] = frozenset()
        self.run_id = _new_run_id()
        self._started = time.monotonic()
        self._limits = BatchLimits(options.batch_size, WIRE_BYTES)
        self._terms = Terms(MISSING_CHUNK, stream_from=None)
        self._refs_chunk = http.MAX_REFS
        self._under_way: Delivery | None = None
        self._recording = Recording(self.api, path, target, self.tally)
        #: Every branch of the clone, whether it is pushed or not, and what tells the clone from another.
        self._here: dict[str, str] = {}
        self._clone: str | None = None
        #: Where the server keeps how many lines are generated, what tells which files are.
        self._generated: GeneratedFiles | None = None

    async def run(self) -> None:
        """Send what is missing on the server and record the tips; raises `TglError`."""
        async with self._compared() as (repository, thread, pending):
            self.refuse_foreign()
            if pending is None:
                await self._confirm()
            else:
                if pending.shas:
                    self.tally.run_opened = True
                    self._under_way = self._delivery(repository, thread)
                    await self._under_way.deliver(pending.shas)
                await self._record(pending.plan)
        self._recording.remember(self._here, self._clone)
        self.tell_damage()

    async def settle(self) -> None:
        """Count what the server stored of a push that broke off, where it tells soon: nobody waits for a number."""
        if self._under_way is None:
            return
        with suppress(errors.TglError, TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._under_way.settle()

    async def measure(self, *, first: Collection[str] = (), most: int | None = None) -> None:
        """Find out what `run` would do; what it would send is the tally's `not_sent`.

        Whether lines can be counted is tried for `most` commits and those of `first`, or for all.
        """
        async with self._compared() as (repository, thread, pending):
            if pending is None or self.apart is not None:
                return
            suspects = [sha for sha in pending.shas if sha.hex() in first]
            tried = list(dict.fromkeys([*suspects, *pending.shas[:most]]))
            if tried:
                self.progress.phase(Phase.COUNTING, len(tried))
            async with aclosing(self._batches(repository, thread, tried)) as batches:
                async for batch in batches:
                    self.progress.advance(len(batch))

    def refuse_foreign(self) -> None:
        """Raises `ForeignHistoryError` if the comparison found that the server has another history."""
        if self.apart is not None:
            raise self.apart.error()

    async def preview(self) -> AsyncGenerator[Batch, None]:
        """The batches that `run` would send; nothing is sent. Use it in `aclosing`."""
        async with self._compared() as (repository, thread, pending):
            self.refuse_foreign()
            if pending is not None:
                async with aclosing(self._batches(repository, thread, pending.shas)) as batches:
                    async for batch in batches:
                        yield batch

    def report(self, state: PushState) -> PushReport:
        """The numbers so far, as the report of a push that is in this state."""
        seconds = time.monotonic() - self._started
        return make_report(
            str(self.path), self.target.project, self.target.repo, self.tally, state, seconds, self.run_id
        )

    @asynccontextmanager
    async def _compared(self) -> AsyncGenerator[tuple["Repository", HistoryThread, Pending | None], None]:
        """The open repository and its commits that are missing on the server, asked for its status meanwhile."""
        async with (
            explained(self.api, self.target.project, self.target.repo),
            meanwhile(self.api.status(self.target, FEW_REFS)) as asked,
            opened(self.path) as (repository, thread),
        ):
            broken: dict[str, str] = {}
            tips = await thread.call(repository.tips, remotes=self.options.remotes, broken=broken.__setitem__)
            default = await thread.call(lambda: repository.default_branch)
            everything = {**tips, **broken}
            self._recording.head = await thread.call(repository.head, everything)
            wanted = chosen(everything, self.options.branches, default)
            self.tally.unmatched = unmatched(everything, self.options.branches, default)
            self.tally.branches, self.tally.branches_left_out = len(wanted), len(everything) - len(wanted)
            self.tips = {name: sha for name, sha in tips.items() if name in wanted}
            self.tally.broken_branches.update({name: why for name, why in broken.items() if name in wanted})
            self._here, self._clone = tips, await thread.call(lambda: repository.clone_id)
            self.status = await self._recording.read(await asked)
            self._recording.compare(everything, self._clone, remotes=self.options.remotes)
            if self._recording.gone:
                self._recording.keep(await thread.call(repository.tracked, self._recording.gone))
            yield repository, thread, await self._find_pending(repository, thread, self.status)

    async def _confirm(self) -> None:
        """Tell the server that the repository is up to date, and which branches are gone.

        A run without batches leaves no run behind.
        """
        assert self.status is not None, "the status was asked for first"
        is_due = self.tips and not self.tally.broken_branches and should_confirm(self.status, datetime.now(UTC))
        if is_due or self._recording.gone:
            await self._recording.record({}, self.run_id, self._refs_chunk, closes=True)

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
            walk = await self._walk(repository, thread, plan)
            self._adapt(await capabilities)
        if http.GENERATED_LINES in self.features:
            self._generated = await thread.call(repository.generated_files)
        shas = await self._ask_missing(walk.shas) if plan.ask_missing else walk.shas
        is_joined = self.options.join_history or walk.found_hidden or len(shas) < len(walk.shas)
        if shas and status.total_commits and not is_joined:
            chunk = self._terms.missing_chunk
            self.apart = await find_apart(self.api, self.target, status, repository, thread, chunk)
        return Pending(plan, shas)

    async def _walk(self, repository: "Repository", thread: HistoryThread, plan: WalkPlan) -> "Walk":
        if not plan.walk_from:
            return await thread.call(repository.walk, ())
        self.progress.phase(Phase.WALKING)
        hear = self.tally.hear_unreadable
        walk = await thread.call(repository.walk, plan.walk_from, plan.hidden, self.options.since, unreadable=hear)
        self.tally.skipped_at_boundary, self.tally.older = walk.skipped_at_boundary, walk.older
        self.tally.unknown_below = len(self.tally.unreadable)
        self.tally.walked = len(walk.shas) + walk.skipped_at_boundary + len(self.tally.unreadable)
        if walk.skipped_at_boundary:
            self.progress.warning(
                f"skipped at the boundary of this shallow clone: {counted(walk.skipped_at_boundary, 'commit')}",
                "their statistics would be wrong; `git fetch --unshallow` gets what is missing",
            )
        return walk

    def _adapt(self, capabilities: Capabilities) -> None:
        """Keep to what this server offers."""
        self.progress.met(capabilities.server_version)
        self.features = frozenset(capabilities.features)
        if capabilities.protocol_version > http.PROTOCOL_VERSION or is_older(__version__, capabilities.oldest_client):
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
        pending = await ask_missing(self.api, self.target, shas, self._terms.missing_chunk, self.progress.advance)
        self.tally.already_there += len(shas) - len(pending)
        return pending

    def _batches(
        self, repository: "Repository", thread: HistoryThread, shas: list[bytes]
    ) -> AsyncGenerator[Batch, None]:
        from tgl_history import Engine  # noqa: PLC0415 -- it is loaded by now, as there is a repository

        commits = repository.commits(
            shas,
            engine=Engine(self.options.engine) if self.options.engine else None,
            jobs=self.options.jobs,
            unreadable=self.tally.hear_unreadable,
            generated=self._generated,
            interrupted=thread.is_stopping,
        )
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

    def tell_damage(self) -> None:
        """Say what damage keeps back; raises `IncompletePushError` for branches, which the report does not count."""
        if self.tally.unreadable:
            words = damage_in_words(len(self.tally.unreadable), self.tally.unknown_below)
            self.progress.warning(f"not sent: {words}", DAMAGE_HINT)
        if self.tally.broken_branches:
            raise errors.IncompletePushError(
                "; ".join(sorted(self.tally.broken_branches.values())[:_SHOWN_BRANCHES]),
                hint="run `git fsck`, then fetch these branches again or delete them; the others can be pushed",
            )

    async def _record(self, plan: WalkPlan) -> None:
        """Record the tips whose whole history the server has, and close the run."""
        complete = self.options.since is None and not self.tally.has_gaps
        refs = refs_to_record(plan, complete=complete)
        # Also where every commit was there already: whoever sent them may have been killed before this.
        opened_run = bool(self.tally.sent or self.tally.refused)
        await self._recording.record(refs, self.run_id, self._refs_chunk, closes=opened_run)


def _new_run_id() -> UUID:
    """A random version 4 UUID without importing more than the bytes it needs."""
    return UUID(bytes=os.urandom(16), version=4)
