"""A repository as its readers see it: branch tips, a walk, and commits with their statistics."""

import logging
import os
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Never, Self

import pygit2

from tgl_history.counting import Counting
from tgl_history.errors import CorruptRepository, HistoryError, StatisticsFailed
from tgl_history.generated import GeneratedFiles
from tgl_history.lookup import Whereabouts, find_commits, whereabouts
from tgl_history.metadata import parents_of
from tgl_history.naming import repository_name, without_credentials
from tgl_history.objects import Objects, UnreadableObject
from tgl_history.opening import common_dir, open_pygit2, partial_clone
from tgl_history.refs import Broken, branch_tips
from tgl_history.statistics.engine import Engine, counting_command, default_engine
from tgl_history.statistics.limits import Limits
from tgl_history.statistics.workers import CHUNK, WorkerDied, Workers
from tgl_history.walk import Ancestry, HistoryWalk, Unreadable, Walk
from tgl_protocol.commits import Commit

_LOG = logging.getLogger(__name__)

# Each worker may use 300 MB; past this many the disk or the server is the limit.
_MOST_WORKERS = 8
_MOST_ATTRIBUTES = 100_000


#: What repairs a repository; a plain fetch asks for nothing that lies below a commit that is here.
DAMAGE_HINT = (
    "run `git fsck` there; a plain `git fetch` brings back nothing below commits that are here: use "
    "`git fetch --refetch`, or a fresh clone"
)


def open_repository(path: Path) -> "Repository":
    """The repository at `path` or above it; raises the subclasses of `HistoryError`."""
    return Repository(open_pygit2(path), path)


class Repository:
    """An open repository, read only. Use it from one thread at a time, and close it, or use it as a context."""

    def __init__(self, opened: pygit2.Repository, path: Path) -> None:
        # The object cache would grow to 100 MB during a walk and is never asked again.
        pygit2.settings.enable_caching(False)
        pygit2.settings.enable_strict_hash_verification(False)
        self.path = path
        self._opened = opened
        self._git_dir = Path(opened.path)
        self._common_dir = common_dir(self._git_dir)
        self._object_folder = self._common_dir / "objects"
        self._objects = Objects(self._object_folder)
        self._workers: Workers | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close packs and files."""
        self._opened.free()

    @property
    def remote_url(self) -> str | None:
        """Where `origin` fetches from, without user and password."""
        urls = self._opened.config.get_multivar("remote.origin.url")
        return next((without_credentials(url) for url in urls if url), None)

    @property
    def name(self) -> str:
        """The repository's name: the last part of origin's address, else the folder's name."""
        return repository_name(self.remote_url, self._common_dir)

    @property
    def clone_id(self) -> str | None:
        """Tells this clone from another one that takes its place later; None if nothing here does.

        Git writes the file when it makes the clone, and never again. A folder's inode alone is soon given to another.
        """
        try:
            made = (self._common_dir / "description").stat()
        except OSError:
            return None
        return f"{made.st_ino}-{made.st_mtime_ns}"

    @property
    def default_branch(self) -> str | None:
        """The short name of the branch that origin calls its default, else of the one that HEAD names."""
        for name, prefix in (("refs/remotes/origin/HEAD", "refs/remotes/origin/"), ("HEAD", "refs/heads/")):
            with suppress(pygit2.GitError, KeyError, ValueError):
                target = self._opened.lookup_reference(name).target
                if isinstance(target, str) and target.startswith(prefix):
                    return target.removeprefix(prefix)
        return None

    def head(self, branches: Collection[str]) -> str | None:
        """The full name of the default branch, of these branches, where it is known.

        It is what origin calls so. Without that the HEAD of a bare repository names it, and so does the only branch;
        elsewhere HEAD is just the branch that somebody works on.
        """
        local = [name for name in branches if name.startswith("refs/heads/")]
        if self._opened.is_bare or "refs/remotes/origin/HEAD" in self._opened.references:
            named = f"refs/heads/{self.default_branch}"
            return named if named in local else None
        return local[0] if len(local) == 1 else None

    def tips(self, globs: Sequence[str] = (), *, remotes: bool = False, broken: Broken | None = None) -> dict[str, str]:
        """Branch tips by full ref name; `globs` match the full or the short name.

        `broken` hears the branches that cannot be read, and why; without it one whose commit is gone is an error.
        """
        return branch_tips(self._opened, self._objects, globs, remotes=remotes, broken=broken)

    def tracked(self, branches: Collection[str]) -> set[str]:
        """Those of the branches, by full ref name, that a remote-tracking ref still has."""
        tracking = {name for name in self._opened.references if name.startswith("refs/remotes/")}
        ends = {branch: branch.removeprefix("refs/heads") for branch in branches if branch.startswith("refs/heads/")}
        return {branch for branch, end in ends.items() if any(name.endswith(end) for name in tracking)}

    def walk(
        self,
        tips: Iterable[str],
        hidden: Iterable[str] = (),
        since: datetime | None = None,
        *,
        unreadable: Unreadable | None = None,
    ) -> Walk:
        """The commits reachable from `tips` and not from `hidden`, of which unknown ones are ignored.

        `unreadable` hears the commits that are missing or damaged, and why; without it the first is an error.
        """
        started = time.monotonic()
        found = HistoryWalk(self._objects, self._boundary(), since, unreadable or self._refuse).find(tips, hidden)
        milliseconds = (time.monotonic() - started) * 1000
        _LOG.debug("walked %s: %d commits in %.0f ms", self.path, len(found.shas), milliseconds)
        return found

    def ancestry(self, tips: Iterable[str]) -> Ancestry:
        """All commits that the history below `tips` names, with its roots; what cannot be read is ignored."""
        return HistoryWalk(self._objects, self._boundary(), None, lambda *_: None).ancestry(tips)

    def has_any(self, shas: Iterable[str]) -> bool:
        """True if one of these commits is here."""
        return any(self._objects.is_commit(sha) for sha in shas)

    @property
    def is_shallow(self) -> bool:
        """True where the history ends at a boundary, beyond which commits are missing."""
        return bool(self._boundary())

    def find(self, name: str) -> list[str]:
        """The commits that a branch, a tag, a sha or its beginning stands for; `HEAD~2` too."""
        return find_commits(self._opened, self._objects, name)

    def whereabouts(self, sha: str) -> Whereabouts:
        """A commit that is here, and which branches have it; raises `CorruptRepository` for one that is damaged."""
        tips = self.tips(remotes=True, broken=lambda *_: None)
        try:
            return whereabouts(self._objects, self._boundary(), tips, sha)
        except UnreadableObject as error:
            raise _corrupt(self.path, str(error)) from error

    def commits(
        self,
        shas: Sequence[bytes],
        *,
        engine: Engine | None = None,
        jobs: int = 0,
        unreadable: Unreadable | None = None,
        limits: Limits | None = None,
        generated: GeneratedFiles | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Generator[Commit]:
        """The commits in the order given, streamed; closing the iterator ends its processes.

        `jobs` is the number of counting processes, 0 for one per core. `unreadable` hears the commits that cannot be
        read or counted, and why; without it the first is an error. `limits` are those of each process, on Linux.
        With `generated` the commits say how many of their lines are those of generated files. `interrupted` is asked
        once the processes have started, as `interrupt` ends none that do not run yet.
        """
        if not shas:
            return
        count = min(jobs or _cores(), -(-len(shas) // CHUNK))
        try:
            with (
                counting_command(
                    engine or default_engine(), self._object_folder, by_file=generated is not None
                ) as command,
                Workers(command._replace(limits=limits), count, generated) as workers,
            ):
                self._workers = workers
                if interrupted():
                    workers.kill()
                counting = Counting(self._objects, workers, self._told(unreadable or self._refuse))
                yield from counting.commits(shas, count)
        except WorkerDied as error:
            raise self._explain(error) from error
        finally:
            self._workers = None

    def generated_files(self) -> GeneratedFiles:
        """Which files are generated, also by the attributes at the root of the commit that HEAD names."""
        try:
            blob = self._opened.head.peel(pygit2.Commit).tree[".gitattributes"]
            data = blob.data if isinstance(blob, pygit2.Blob) and blob.size <= _MOST_ATTRIBUTES else b""
        except (pygit2.GitError, KeyError, ValueError):
            data = b""
        return GeneratedFiles(data.decode("utf-8", "replace"))

    def interrupt(self) -> None:
        """End the counting of `commits`, also where a process hangs; other threads may call it."""
        workers = self._workers
        if workers is not None:
            workers.kill()

    def stop(self) -> None:
        """Let whatever reads here end with `StatisticsFailed` or `Stopped`, for ever; other threads may call it."""
        self._objects.stop()
        self.interrupt()

    def _told(self, unreadable: Unreadable) -> Unreadable:
        """Passes on what cannot be read, except in a partial clone: there most of it would be."""

        def tell(sha: str, reason: str) -> None:
            if any(entry.name.endswith(".promisor") for entry in self._opened.config):
                raise partial_clone(self.path)
            unreadable(sha, reason)

        return tell

    def _boundary(self) -> frozenset[bytes]:
        """A shallow clone's boundary: the commits whose parents are missing; a true root is none of them."""
        try:
            lines = (self._common_dir / "shallow").read_bytes().split()
        except OSError:
            return frozenset()
        try:
            shas = [bytes.fromhex(line.decode("ascii")) for line in lines]
        except ValueError as error:
            raise CorruptRepository(
                f"{self.path} is damaged: its list of shallow commits cannot be read",
                "run `git fetch --unshallow` there, or clone it again",
            ) from error
        return frozenset(sha for sha in shas if not self._is_root(sha))

    def _is_root(self, sha: bytes) -> bool:
        try:
            return not parents_of(self._objects.commit(sha))
        except UnreadableObject:
            return False

    def _refuse(self, sha: str, reason: str) -> Never:
        raise _corrupt(self.path, reason if sha in reason else f"commit {sha}: {reason}")

    def _explain(self, died: WorkerDied) -> HistoryError:
        if died.status < 0:
            return StatisticsFailed(
                f"a process counting lines was ended by signal {-died.status}", "run it again with fewer --jobs"
            )
        said = died.said.partition("\n")[0] or "it ended"
        return StatisticsFailed(
            f"the process counting lines does not work: {said}",
            "check that git works here, or use --engine pygit2",
        )


def _corrupt(path: Path, detail: str) -> CorruptRepository:
    return CorruptRepository(f"{path} is damaged: {detail}", DAMAGE_HINT)


def _cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)
