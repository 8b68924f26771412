"""Reads a mirror in the one thread that may touch it; the event loop awaits its answers, which come one by one.

The history may be hostile: the processes that count its lines have limits, and each answer has a deadline.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from tgl_history import Limits, Repository, open_repository
from tgl_protocol.commits import Commit
from tgl_protocol.http import MAX_COMMITS_PER_BATCH
from tgl_server.pull.failures import ReadingTooSlow

#: The messages of a batch, in characters: a thousand of them may be 65 million.
_MOST_CHARACTERS: Final = 2_000_000
#: The longest that the walk, and each batch after it, may take.
READING: Final = timedelta(minutes=30)
# The largest histories leave most of it unused; the time is that of a process, which another follows.
_LIMITS: Final = Limits(memory_bytes=4 * 1024**3, cpu_seconds=600)

P = ParamSpec("P")
T = TypeVar("T")


class MirrorHistory:
    """The history of an open mirror. `unreadable` is what is damaged, by the name of a commit or branch."""

    def __init__(self, repository: Repository, thread: ThreadPoolExecutor, deadline: timedelta) -> None:
        self._repository = repository
        self._deadline = deadline
        self._thread = thread
        self.unreadable: dict[str, str] = {}

    async def tips(self, *, remotes: bool = False) -> dict[str, str]:
        """The branches, which in a mirror are the remote's; with `remotes` those that a clone knows of remotes too."""
        return await self._in_time(self._repository.tips, remotes=remotes, broken=self._hear)

    async def walk(self, walk_from: list[str], hidden: list[str]) -> list[bytes]:
        """The commits that are below tips and not below hidden ones, parents first."""
        if not walk_from:
            return []
        found = await self._in_time(self._repository.walk, walk_from, hidden, unreadable=self._hear)
        return found.shas

    async def head(self, branches: Collection[str]) -> str | None:
        """The full name of the default branch, if it is one of these."""
        return await self._in_time(self._repository.head, branches)

    async def batches(self, shas: list[bytes], jobs: int) -> AsyncGenerator[list[Commit], None]:
        """The commits in this order with their line statistics, as many together as a batch may hold.

        They say how many of their lines are generated, as those of clients do.
        """
        generated = await self._in_time(self._repository.generated_files)
        commits = self._repository.commits(shas, jobs=jobs, unreadable=self._hear, limits=_LIMITS, generated=generated)
        try:
            while batch := await self._in_time(_take, commits):
                yield batch
        finally:
            self.stop()
            await _call(self._thread, commits.close)

    def stop(self) -> None:
        """End what the thread does or waits for: a walk, or the processes that count lines."""
        self._repository.stop()

    async def _in_time(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer; raises `ReadingTooSlow` at the deadline, and then nothing more can be read."""
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                return await _call(self._thread, act, *args, **kwargs)
        except TimeoutError:
            self.stop()
            raise ReadingTooSlow(self._deadline) from None

    def _hear(self, name: str, reason: str) -> None:
        self.unreadable[name] = reason


@asynccontextmanager
async def opened(mirror: Path, deadline: timedelta = READING) -> AsyncIterator[MirrorHistory]:
    """A mirror's history; its thread has ended when the block has."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tgl-pull")
    try:
        repository = await _call(thread, open_repository, mirror)
        history = MirrorHistory(repository, thread, deadline)
        try:
            yield history
        finally:
            history.stop()
            await _call(thread, repository.close)
    finally:
        await asyncio.to_thread(thread.shutdown)


async def _call(thread: ThreadPoolExecutor, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, lambda: act(*args, **kwargs))


def _take(commits: Iterator[Commit]) -> list[Commit]:
    """The next commits, few enough for a batch; none at the end."""
    taken: list[Commit] = []
    characters = 0
    for commit in commits:
        taken.append(commit)
        characters += len(commit.message_title) + len(commit.message_body or "")
        if len(taken) == MAX_COMMITS_PER_BATCH or characters > _MOST_CHARACTERS:
            break
    return taken
