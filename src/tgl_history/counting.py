"""Joins commits with their line statistics, in the order asked, while the counting processes work ahead."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tgl_history.metadata import parents_of, parse_commit
from tgl_history.objects import Objects, UnreadableObject
from tgl_history.stat import NO_CHANGE
from tgl_history.statistics.workers import CHUNK, Answer, Uncountable, Workers
from tgl_history.walk import Unreadable
from tgl_protocol.commits import Commit

# Chunks in a row for one worker, at most: with fewer it reads again what neighbours share (10% at one).
_LONGEST_RUN = 16
# Runs read ahead for each worker: one slow commit does not make the other workers wait.
_AHEAD = 3
# A chunk ends early when its raw commits hold as many bytes, so that huge messages do not pile up.
_CHUNK_BYTES = 256 * 1024
# As many bytes of raw commits wait for their statistics, and one commit more.
_WAITING_BYTES = 64 * 1024 * 1024


class _Raw(NamedTuple):
    """A commit before its statistics are known."""

    sha: bytes
    content: bytes
    parents: list[str]


class Counting:
    """Reads commits and has their lines counted; `unreadable` hears those for which either failed."""

    def __init__(self, objects: Objects, workers: Workers, unreadable: Unreadable) -> None:
        self._objects = objects
        self._workers = workers
        self._unreadable = unreadable

    def commits(self, shas: Sequence[bytes], count: int) -> Iterator[Commit]:
        """The commits with their statistics, counted by `count` processes."""
        run = min(-(-len(shas) // (4 * CHUNK * count)), _LONGEST_RUN)
        ahead = run * count * _AHEAD
        pending: deque[tuple[list[_Raw], Answer]] = deque()
        waiting = 0
        chunks = self._chunks(shas)
        while taken := _run(chunks, run):
            answers = self._workers.submit(*(_to_count(chunk) for chunk in taken))
            pending.extend(zip(taken, answers, strict=True))
            waiting += sum(map(_size_of, taken))
            while len(pending) >= ahead or waiting > _WAITING_BYTES:
                waiting -= _size_of(pending[0][0])
                yield from self._complete(*pending.popleft())
        while pending:
            yield from self._complete(*pending.popleft())

    def _complete(self, chunk: list[_Raw], answer: Answer) -> Iterator[Commit]:
        stats = answer.result()
        for raw in chunk:
            sha = raw.sha.hex()
            stat = NO_CHANGE if len(raw.parents) > 1 else stats.get(sha, Uncountable(""))
            if isinstance(stat, Uncountable):
                said = stat.said.partition("\n")[0] or "it cannot be read"
                self._unreadable(sha, f"its lines cannot be counted: {said}")
            else:
                yield parse_commit(raw.sha, raw.content, raw.parents, stat)

    def _chunks(self, shas: Sequence[bytes]) -> Iterator[list[_Raw]]:
        chunk: list[_Raw] = []
        size = 0
        for sha in shas:
            try:
                content = self._objects.commit(sha)
            except UnreadableObject as error:
                self._unreadable(sha.hex(), str(error))
                continue
            chunk.append(_Raw(sha, content, parents_of(content)))
            size += len(content)
            if len(chunk) == CHUNK or size > _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk


def _run(chunks: Iterator[list[_Raw]], most: int) -> list[list[_Raw]]:
    """The next chunks for one worker; fewer where they are large."""
    taken: list[list[_Raw]] = []
    size = 0
    for chunk in chunks:
        taken.append(chunk)
        size += _size_of(chunk)
        if len(taken) == most or size > _WAITING_BYTES // 4:
            break
    return taken


def _size_of(chunk: list[_Raw]) -> int:
    return sum(len(raw.content) for raw in chunk)


def _to_count(chunk: list[_Raw]) -> list[str]:
    """The commits of a chunk that a process has to count; merges count nothing."""
    return [raw.sha.hex() for raw in chunk if len(raw.parents) < 2]
