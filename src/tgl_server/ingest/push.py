"""Pushing a batch of commits: the use case behind the endpoint, and for callers that are not a request."""

from collections.abc import Sequence
from typing import Literal

from tgl_protocol.commits import Commit, PushResult
from tgl_server import errors
from tgl_server.db.engine import Database
from tgl_server.ingest.context import Push
from tgl_server.ingest.decode import PreparedBatch, bad_in_order, prepare_commits
from tgl_server.ingest.phases import Phase, PhaseClock, note_refused, note_stored
from tgl_server.ingest.store import record_refusal, store_batch

OnError = Literal["refuse", "skip"]


async def push_commits(
    database: Database,
    push: Push,
    commits: Sequence[Commit],
    *,
    client_version: str | None = None,
    on_error: OnError = "refuse",
    slow_ms: int,
) -> PushResult:
    """Store the commits that are new, parents first as given; at most as many as one batch may hold.

    With `refuse` one invalid commit refuses them all: raises `InvalidCommits`, and nothing is stored.
    """
    clock = PhaseClock()
    batch = prepare_commits(push.repo_id, commits, client_version)
    clock.lap(Phase.DECODE)
    return await push_batch(database, push, batch, clock, on_error=on_error, slow_ms=slow_ms)


async def push_batch(
    database: Database, push: Push, batch: PreparedBatch, clock: PhaseClock, *, on_error: OnError, slow_ms: int
) -> PushResult:
    """Store a batch that is decoded already, or record its refusal; raises `InvalidCommits`."""
    if batch.bad and on_error == "refuse":
        raise await _refused(database, push, batch)
    result = await store_batch(database, push, batch, clock)
    note_stored(clock, push.repo_id, result, slow_ms)
    return result


async def _refused(database: Database, push: Push, batch: PreparedBatch) -> errors.InvalidCommits:
    """Record a refusal in a transaction of its own; no commit is stored."""
    reasons = bad_in_order(batch.bad)
    invalid = "is invalid" if len(reasons) == 1 else "are invalid"
    reason = f"A batch was refused: {len(reasons)} of {len(batch.shas)} commits {invalid}."
    async with database.transaction(push.repo_id) as tx:
        await record_refusal(tx, push, len(batch.shas), batch.client_version, reason, reasons)
    note_refused(len(batch.shas))
    return errors.InvalidCommits(f"{reason} Nothing was stored.", reasons)
