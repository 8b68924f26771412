"""A repository as the rest of the client sees it: branch tips, a walk, and commits with their statistics."""

import contextlib
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pygit2

from tgl_client.history import stats_git, stats_pygit2
from tgl_client.history.errors import CorruptRepository, HistoryError, StatisticsFailed
from tgl_client.history.metadata import NO_CHANGE, parents_of, parse_commit
from tgl_client.history.naming import repository_name, without_credentials
from tgl_client.history.opening import common_dir, open_pygit2, partial_clone
from tgl_client.history.refs import branch_tips
from tgl_client.history.walk import Walk, walk_here, walk_whole
from tgl_client.history.workers import CHUNK, Answer, Command, WorkerDied, Workers
from tgl_protocol.commits import Commit

# Each worker may use 300 MB; past this many the disk or the server is the limit.
_MOST_WORKERS = 8
# Chunks in a row for one worker, at most: with fewer it reads again what neighbours share (10% at one).
_LONGEST_RUN = 16
# Runs read ahead for each worker: one slow commit does not make the other workers wait.
_AHEAD = 3
# A chunk ends early when its raw commits hold as many bytes, so that huge messages do not pile up.
_CHUNK_BYTES = 256 * 1024


class Engine(StrEnum):
    """What counts the lines."""

    GIT = "git"
    PYGIT2 = "pygit2"


def default_engine() -> Engine:
    """git where a usable one is found: it is the reference, and several times faster."""
    return Engine.GIT if stats_git.usable_git() else Engine.PYGIT2


def open_repository(path: Path) -> "Repository":
    """The repository at `path` or above it; raises the subclasses of `HistoryError`."""
    return Repository(open_pygit2(path), path)


class _Raw(NamedTuple):
    """A commit before its statistics are known."""

    sha: bytes
    content: bytes
    parents: list[str]


class Repository:
    """Read only. One thread at a time; close it, or use it as a context."""

    def __init__(self, opened: pygit2.Repository, path: Path) -> None:
        # The object cache would grow to 100 MB during a walk and is never asked again.
        pygit2.settings.enable_caching(False)
        pygit2.settings.enable_strict_hash_verification(False)
        self.path = path
        self._opened = opened
        self._git_dir = Path(opened.path)
        self._common_dir = common_dir(self._git_dir)
        self._objects = self._common_dir / "objects"
        self._detached = stats_pygit2.detached_repository(self._objects)
        self._odb = self._detached.odb

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of packs and files."""
        self._opened.free()
        self._detached.free()

    @property
    def is_shallow(self) -> bool:
        """Cut off by `git clone --depth`."""
        return bool(self._boundary())

    @property
    def remote_url(self) -> str | None:
        """Where `origin` fetches from, without user and password."""
        urls = self._opened.config.get_multivar("remote.origin.url")
        return next((without_credentials(url) for url in urls if url), None)

    @property
    def name(self) -> str:
        """What a person would call it: the last part of origin's address, else the folder's name."""
        return repository_name(self.remote_url, self._common_dir)

    def tips(self, globs: Sequence[str] = (), *, remotes: bool = False) -> dict[str, str]:
        """Branch tips by full ref name; `globs` match the full or the short name."""
        return branch_tips(self._opened, globs, remotes=remotes)

    def walk(self, tips: Iterable[str], hidden: Iterable[str] = (), since: datetime | None = None) -> Walk:
        """The commits reachable from `tips` and not from `hidden`, of which unknown ones are ignored."""
        tips, hidden, boundary = list(tips), list(hidden), self._boundary()
        if not boundary:
            # An error is either a commit whose dates libgit2 refuses, or damage, which the second attempt names.
            with contextlib.suppress(pygit2.GitError, KeyError):
                return walk_whole(self._detached, tips, hidden, since)
        try:
            return walk_here(self._detached, boundary, tips, hidden, since)
        except (pygit2.GitError, KeyError) as error:
            raise _corrupt(self.path, str(error)) from error

    def commits(self, shas: Sequence[bytes], *, engine: Engine | None = None, jobs: int = 0) -> Generator[Commit]:
        """The commits in the order given, streamed; closing the iterator ends its processes.

        `jobs` is the number of counting processes, 0 for one per core.
        """
        if not shas:
            return
        command = self._counter(engine or default_engine())
        chunks = -(-len(shas) // CHUNK)
        count = min(jobs or _cores(), chunks)
        run = min(-(-chunks // (4 * count)), _LONGEST_RUN)
        try:
            with Workers(command, count) as workers:
                yield from self._counted(shas, workers, run, run * count * _AHEAD)
        except WorkerDied as error:
            raise self._explain(error) from error

    def _counted(self, shas: Sequence[bytes], workers: Workers, run: int, ahead: int) -> Iterator[Commit]:
        """Submits `run` chunks at a time, and stays up to `ahead` chunks in front of the reader."""
        pending: deque[tuple[list[_Raw], Answer]] = deque()
        chunks = self._chunks(shas)
        while taken := list(islice(chunks, run)):
            answers = workers.submit(*(_to_count(chunk) for chunk in taken))
            pending.extend(zip(taken, answers, strict=True))
            while len(pending) >= ahead:
                yield from self._complete(*pending.popleft())
        while pending:
            yield from self._complete(*pending.popleft())

    def _complete(self, chunk: list[_Raw], answer: Answer) -> Iterator[Commit]:
        stats = answer.result()
        for raw in chunk:
            stat = NO_CHANGE if len(raw.parents) > 1 else stats.get(raw.sha.hex())
            if stat is None:
                raise _corrupt(self.path, f"commit {raw.sha.hex()} cannot be read")
            yield parse_commit(raw.sha, raw.content, raw.parents, stat)

    def _chunks(self, shas: Sequence[bytes]) -> Iterator[list[_Raw]]:
        chunk: list[_Raw] = []
        size = 0
        for sha in shas:
            content = self._read(sha)
            chunk.append(_Raw(sha, content, parents_of(content)))
            size += len(content)
            if len(chunk) == CHUNK or size > _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _read(self, sha: bytes) -> bytes:
        try:
            return self._odb.read(pygit2.Oid(raw=sha))[1]
        except (pygit2.GitError, KeyError) as error:
            raise _corrupt(self.path, f"commit {sha.hex()}: {error}") from error

    def _counter(self, engine: Engine) -> Command:
        if engine is Engine.PYGIT2:
            return stats_pygit2.count_lines(self._objects)
        git = stats_git.usable_git()
        if git is None:
            oldest = ".".join(map(str, stats_git.OLDEST_GIT))
            raise StatisticsFailed(f"no git {oldest} or later is on the PATH", "install it, or use --engine pygit2")
        return stats_git.diff_tree(git, self._objects)

    def _boundary(self) -> frozenset[bytes]:
        """Commits whose parents were cut off."""
        try:
            lines = (self._common_dir / "shallow").read_bytes().split()
        except OSError:
            return frozenset()
        return frozenset(bytes.fromhex(line.decode("ascii")) for line in lines)

    def _explain(self, died: WorkerDied) -> HistoryError:
        if died.status < 0:
            return StatisticsFailed(
                f"a process counting lines was ended by signal {-died.status}", "run it again with fewer --jobs"
            )
        if any(entry.name.endswith(".promisor") for entry in self._opened.config):
            return partial_clone(self.path)
        return _corrupt(self.path, died.said.partition("\n")[0])


def _to_count(chunk: list[_Raw]) -> list[str]:
    """Merges count nothing, and need no process to say so."""
    return [raw.sha.hex() for raw in chunk if len(raw.parents) < 2]


def _corrupt(path: Path, detail: str) -> CorruptRepository:
    return CorruptRepository(f"{path} is damaged: {detail}", "run `git fsck` there, then fetch what is missing")


def _cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)
