"""Starts the processes that count lines, and talks to them: commit ids in, `Stat`s out.

Both engines speak the dialect of `git diff-tree --stdin --shortstat`: for each id its own line, then a summary
line unless nothing changed; with `--numstat` a line for each file before it. A line that is no id is echoed and
flushed, and so marks the end of a chunk.

A commit that cannot be counted ends the process. Then another is started, and the ids in flight are asked for one by
one, so that each costs itself alone. A process that may take only so much (`Limits`) ends in the same way: a commit
that alone takes more cannot be counted, and one that has merely worked for long is followed by another.

A thread per process writes and reads. Two chunks in flight keep the process busy, and together they are smaller
than the smallest pipe POSIX allows: a write never blocks, so the two sides cannot wait for each other.
"""

import contextlib
import logging
import shlex
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Final, NamedTuple, Self, cast

from tgl_history.errors import StatisticsFailed
from tgl_history.generated import GeneratedFiles
from tgl_history.stat import Stat
from tgl_history.statistics.answers import parse_answer
from tgl_history.statistics.limits import Limits, in_words, limit

_LOG = logging.getLogger(__name__)

#: Ids in one chunk: twice 40 ids of 41 bytes and a marker are less than 4096 bytes.
CHUNK = 40
_IN_FLIGHT = 2
# Damage can make git crash, and SIGXCPU says that its time is over; any other signal came from someone who wants it to
# end, as when memory is short. Windows has neither SIGBUS nor SIGXCPU.
_CRASHES: Final = frozenset(
    -getattr(signal, name) for name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGXCPU") if hasattr(signal, name)
)
_MARKER = b"end\n"


class Command(NamedTuple):
    """How to start one counting process."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    limits: Limits | None = None


class WorkerDied(Exception):
    """The process ended in the middle; `said` is what it wrote to its standard error."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.said = said
        self.status = status


class Uncountable(NamedTuple):
    """A commit at which the process ended, and what it said."""

    said: str


Counted = dict[str, Stat | Uncountable]
Answer = Future[Counted]
Task = tuple[Sequence[str], Answer]
#: Tasks for one process: neighbours share trees and files, which it keeps from one commit to the next.
Run = Sequence[Task]


class Workers:
    """A few counting processes behind one queue. Leaving the context ends and reaps every one of them."""

    def __init__(self, command: Command, count: int, generated: GeneratedFiles | None = None) -> None:
        self._runs: SimpleQueue[Run | None] = SimpleQueue()
        self._lanes: list[_Lane] = []
        try:
            for _ in range(count):
                self._lanes.append(_Lane(command, self._runs, generated))
        except BaseException:
            self.close()
            raise

    def submit(self, *chunks: Sequence[str]) -> list[Answer]:
        """Queue chunks of at most `CHUNK` ids for one process; an answer may fail with `WorkerDied`."""
        run: Run = [(shas, Future()) for shas in chunks]
        self._runs.put(run)
        return [answer for _, answer in run]

    def kill(self) -> None:
        """End the processes at once, whatever they are doing; answers that somebody waits for fail."""
        for lane in self._lanes:
            lane.kill()

    def close(self) -> None:
        """End and reap the processes."""
        for _ in self._lanes:
            self._runs.put(None)
        self.kill()
        for lane in self._lanes:
            lane.reap()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _Lane:
    """One process and the thread that talks to it."""

    def __init__(self, command: Command, runs: SimpleQueue[Run | None], generated: GeneratedFiles | None) -> None:
        self._command = command
        self._generated = generated
        self._runs = runs
        self._taken: deque[Task] = deque()
        self._in_flight: deque[Task] = deque()
        self._starting = threading.Lock()
        self._closing = False
        self._start()
        self._thread = threading.Thread(target=self._run, name="tgl-statistics", daemon=True)
        self._thread.start()

    def kill(self) -> None:
        with self._starting:
            self._closing = True
            self._process.kill()

    def reap(self) -> None:
        self._process.wait()
        self._thread.join()
        self._close_streams()

    def _start(self) -> None:
        # A file, because a pipe would have to be drained.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the other streams
        self._process = _start(self._command, self._errors)
        self._ids = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def _close_streams(self) -> None:
        for stream in (self._ids, self._answers, self._errors):
            # Closing flushes ids that nobody will read any more.
            with contextlib.suppress(OSError):
                stream.close()

    def _run(self) -> None:
        while task := self._next_task():
            self._in_flight.append(task)
            try:
                self._write(task[0])
            except OSError:
                self._recover()
            if len(self._in_flight) == _IN_FLIGHT:
                self._answer_or_recover()

    def _next_task(self) -> Task | None:
        """The next task, or None at the end; answers what is in flight rather than wait for it."""
        while not self._taken:
            try:
                run = self._runs.get(block=not self._in_flight)
            except Empty:
                self._answer_or_recover()
            else:
                if run is None:
                    return None
                self._taken.extend(run)
        return self._taken.popleft()

    def _answer_or_recover(self) -> None:
        try:
            self._answer_oldest()
        except (OSError, WorkerDied):
            self._recover()

    def _write(self, shas: Sequence[str]) -> None:
        self._ids.write("".join(f"{sha}\n" for sha in shas).encode() + _MARKER)
        self._ids.flush()

    def _answer_oldest(self) -> None:
        stats = self._read()
        self._in_flight.popleft()[1].set_result(stats)

    def _read(self) -> Counted:
        lines: list[bytes] = []
        for line in iter(self._answers.readline, b""):
            if line == _MARKER:
                return {**parse_answer(b"".join(lines), self._generated)}
            lines.append(line)
        raise WorkerDied("", 0)

    def _recover(self) -> None:
        """Answer what was in flight when the process ended, one commit after the other."""
        try:
            self._restart()
            while self._in_flight:
                shas, answer = self._in_flight[0]
                counted: Counted = {}
                for sha in shas:
                    counted |= self._alone(sha)
                self._in_flight.popleft()
                answer.set_result(counted)
        except (OSError, WorkerDied, StatisticsFailed) as error:
            self._fail_all(error if isinstance(error, WorkerDied) else WorkerDied(str(error), 0))

    def _alone(self, sha: str) -> Counted:
        try:
            self._write([sha])
            return self._read()
        except (OSError, WorkerDied):
            return {sha: Uncountable(self._restart())}

    def _restart(self) -> str:
        """Start another process in place of one that ended; returns what that one said.

        Raises `WorkerDied` where another would not help: it was killed, or the next one will not even echo a line.
        """
        said = self._last_words()
        with self._starting:
            if self._closing:
                raise said
            self._close_streams()
            self._start()
        try:
            self._write([])
            self._read()
        except (OSError, WorkerDied):
            raise self._last_words() from None
        return said.said

    def _last_words(self) -> WorkerDied:
        status = self._process.wait()
        self._errors.seek(0)
        words = WorkerDied(in_words(self._errors.read(4096), status, self._command.limits), status)
        if status < 0 and status not in _CRASHES:
            raise words
        return words

    def _fail_all(self, error: WorkerDied) -> None:
        for _, answer in (*self._in_flight, *self._taken):
            answer.set_exception(error)
        self._in_flight.clear()
        self._taken.clear()


def _start(command: Command, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the process in a group of its own: Ctrl-C reaches us alone, and we end the process."""
    _LOG.debug("starts %s", shlex.join(command.argv))
    try:
        process = subprocess.Popen(
            command.argv,
            env=command.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            process_group=0,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # what Windows calls such a group
        )
    except OSError as error:
        errors.close()
        raise StatisticsFailed(
            f"cannot start {command.argv[0]}: {error.strerror}", "check that git is installed, or use --engine pygit2"
        ) from error
    if command.limits is not None:
        try:
            limit(process.pid, command.limits)
        except OSError as error:
            process.kill()
            process.communicate()
            errors.close()
            raise StatisticsFailed(f"counting cannot be limited: {error.strerror}", "allow prlimit here") from error
    return process
