"""The phases of a batch and their times, for the metrics, and for a line in the log if the batch was slow."""

from enum import StrEnum
from time import perf_counter

import structlog

from tgl_protocol.commits import PushResult
from tgl_server.access.ids import RepoId
from tgl_server.metrics.definitions import BATCHES, COMMITS, PHASE_SECONDS, counter, histogram
from tgl_server.tracing.current import current_trace

log = structlog.get_logger()


class Phase(StrEnum):
    """The parts of storing a batch, in order; `read` includes the body's arrival and decompression, `commit` the disk.

    `merge` occurs only where the COPY met another push of the same commits, and includes the time that this cost.
    """

    READ = "read"
    DECODE = "decode"
    LOOK_UP = "look_up"
    COPY = "copy"
    COUNT = "count"
    MERGE = "merge"
    COMMIT = "commit"


class PhaseClock:
    """A stopwatch: each lap ends a phase, the next begins there; `trace` gets them too where the request is traced."""

    __slots__ = ("_last", "seconds", "trace")

    def __init__(self) -> None:
        self.seconds: dict[Phase, float] = {}
        self.trace = current_trace.get()
        self._last = perf_counter()

    def lap(self, phase: Phase) -> None:
        now = perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        if self.trace is not None:
            self.trace.phase(phase.value, now - self._last)
        self._last = now


def note_stored(clock: PhaseClock, repo_id: RepoId, result: PushResult, slow_ms: int) -> None:
    """Count and trace a stored batch; call it after the COMMIT, so that only stored commits count."""
    counter(BATCHES, "stored").inc()
    counter(COMMITS, "inserted").inc(result.inserted)
    counter(COMMITS, "skipped").inc(result.skipped)
    counter(COMMITS, "refused").inc(result.errors)
    for phase, seconds in clock.seconds.items():
        histogram(PHASE_SECONDS, phase.value).observe(seconds)
    if clock.trace is not None:
        clock.trace.stored(str(repo_id), result.total, result.inserted)
    _log_if_slow(clock, repo_id, result, slow_ms)


def note_refused(commits: int) -> None:
    """Count a refused batch of `commits` commits, none of which was stored."""
    counter(BATCHES, "refused").inc()
    counter(COMMITS, "refused").inc(commits)


def _log_if_slow(clock: PhaseClock, repo_id: RepoId, result: PushResult, slow_ms: int) -> None:
    ms = {phase.value: round(seconds * 1000, 1) for phase, seconds in clock.seconds.items()}
    total = sum(ms.values())
    if total < slow_ms:
        return
    log.warning(
        "slow_batch", repo_id=str(repo_id), total=result.total, inserted=result.inserted, ms=round(total, 1), **ms
    )
