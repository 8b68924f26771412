"""The processes that count lines: commit ids in, `Stat`s out.

Both engines speak the dialect of `git diff-tree --stdin --shortstat`: for each id its own line, then a summary
line unless nothing changed. A line that is no id is echoed and flushed, and so marks the end of a chunk.

A thread per process writes and reads. Two chunks in flight keep the process busy, and together they are smaller
than the smallest pipe POSIX allows: a write never blocks, so the two sides cannot wait for each other.
"""

import contextlib
import re
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, NamedTuple, Self, cast

from tgl_client.history.errors import StatisticsFailed
from tgl_client.history.metadata import Stat

#: Ids in one chunk: twice 40 ids of 41 bytes and a marker are less than 4096 bytes.
CHUNK = 40
_IN_FLIGHT = 2
_MARKER = b"end\n"
_ANSWER = re.compile(
    rb"^([0-9a-f]{40})\n"
    rb"(?: (\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?\n)?",
    re.MULTILINE,
)


class Command(NamedTuple):
    """How to start one counting process."""

    argv: Sequence[str]
    environment: Mapping[str, str]


class WorkerDied(Exception):
    """The process ended in the middle; `said` is what it wrote to its standard error."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.said = said
        self.status = status


Answer = Future[dict[str, Stat]]
Task = tuple[Sequence[str], Answer]
#: Tasks for one process: neighbours share trees and files, which it keeps from one commit to the next.
Run = Sequence[Task]


class Workers:
    """A few counting processes behind one queue. Leaving the context ends and reaps every one of them."""

    def __init__(self, command: Command, count: int) -> None:
        self._runs: SimpleQueue[Run | None] = SimpleQueue()
        self._lanes: list[_Lane] = []
        try:
            for _ in range(count):
                self._lanes.append(_Lane(command, self._runs))
        except BaseException:
            self.close()
            raise

    def submit(self, *chunks: Sequence[str]) -> list[Answer]:
        """Chunks of at most `CHUNK` ids, all for the same process; an answer may fail with `WorkerDied`."""
        run: Run = [(shas, Future()) for shas in chunks]
        self._runs.put(run)
        return [answer for _, answer in run]

    def close(self) -> None:
        """Ends the processes at once, whatever they were doing."""
        for lane in self._lanes:
            self._runs.put(None)
            lane.kill()
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

    def __init__(self, command: Command, runs: SimpleQueue[Run | None]) -> None:
        self._runs = runs
        self._taken: deque[Task] = deque()
        self._in_flight: deque[Task] = deque()
        # A file, because a pipe would have to be drained.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in reap()
        self._process = _start(command, self._errors)
        self._ids = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._thread = threading.Thread(target=self._run, name="tgl-statistics", daemon=True)
        self._thread.start()

    def kill(self) -> None:
        self._process.kill()

    def reap(self) -> None:
        self._process.wait()
        self._thread.join()
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
                self._fail_all()
            if len(self._in_flight) == _IN_FLIGHT:
                self._answer_or_fail()

    def _next_task(self) -> Task | None:
        """Answers what is in flight rather than wait for more to do. None at the end."""
        while not self._taken:
            try:
                run = self._runs.get(block=not self._in_flight)
            except Empty:
                self._answer_or_fail()
            else:
                if run is None:
                    return None
                self._taken.extend(run)
        return self._taken.popleft()

    def _answer_or_fail(self) -> None:
        try:
            self._answer_oldest()
        except (OSError, WorkerDied):
            self._fail_all()

    def _write(self, shas: Sequence[str]) -> None:
        self._ids.write(("\n".join(shas) + "\n").encode() + _MARKER)
        self._ids.flush()

    def _answer_oldest(self) -> None:
        stats = self._read()
        self._in_flight.popleft()[1].set_result(stats)

    def _read(self) -> dict[str, Stat]:
        lines: list[bytes] = []
        for line in iter(self._answers.readline, b""):
            if line == _MARKER:
                return parse_answer(b"".join(lines))
            lines.append(line)
        raise WorkerDied("", 0)

    def _fail_all(self) -> None:
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read(4096).decode("utf-8", "replace").strip()
        for _, answer in (*self._in_flight, *self._taken):
            answer.set_exception(WorkerDied(said, status))
        self._in_flight.clear()
        self._taken.clear()


def _start(command: Command, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """In a process group of its own: Ctrl-C is ours to answer, and we end it."""
    try:
        return subprocess.Popen(
            command.argv,
            env=command.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            process_group=0,
        )
    except OSError as error:
        errors.close()
        raise StatisticsFailed(
            f"cannot start {command.argv[0]}: {error.strerror}", "check that git is installed, or use --engine pygit2"
        ) from error


def parse_answer(text: bytes) -> dict[str, Stat]:
    """The dialect's lines, by commit id."""
    return {
        sha.decode(): Stat(int(files or 0), int(added or 0), int(deleted or 0))
        for sha, files, added, deleted in _ANSWER.findall(text)
    }
