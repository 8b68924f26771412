"""Reads a repository in the one thread that may touch it.

libgit2's objects and the generators over them stay in a single thread; the event loop awaits its answers. Calls
queue up in order, so that a generator is never closed while it runs.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tgl_client.errors import LocalRepositoryError
from tgl_client.settings.files import refusal

if TYPE_CHECKING:
    from tgl_history import Repository

P = ParamSpec("P")
T = TypeVar("T")


class HistoryThread:
    """Runs blocking calls in its thread, one after the other."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tgl-history")
        self._stopping = threading.Event()
        self._interrupt: Callable[[], None] = lambda: None

    async def call(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a blocking call; a `HistoryError` becomes a `LocalRepositoryError`."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, lambda: _translated(act, *args, **kwargs)
        )

    def until_stopped(self, items: Iterable[T]) -> Iterator[T]:
        """The items, up to the call of `stop`: an interrupted push must not finish its batch first."""
        following = iter(items)
        while not self.is_stopping() and (item := next(following, None)) is not None:
            if self.is_stopping():
                return
            yield item

    def is_stopping(self) -> bool:
        """True from `stop` to the next `stream`."""
        return self._stopping.is_set()

    async def stream(self, generator: Generator[T, None, None]) -> AsyncGenerator[T, None]:
        """A blocking generator's items, the next one being made while the last is used. Use it in `aclosing`.

        Streams may follow each other: one that broke off is continued by another.
        """
        self._stopping.clear()
        ahead = asyncio.ensure_future(self.call(next, generator, None))
        try:
            while (item := await ahead) is not None:
                ahead = asyncio.ensure_future(self.call(next, generator, None))
                yield item
        finally:
            self.stop()
            ahead.cancel()
            # Dropping its frame closes the generators that it reads from, which end their git processes.
            await self.call(generator.close)

    def stop(self) -> None:
        """Ask the running generator to end at its next item, and whatever it waits for to end now."""
        self._stopping.set()
        self._interrupt()

    def interrupted_by(self, interrupt: Callable[[], None]) -> None:
        """What `stop` calls, from the thread of the event loop."""
        self._interrupt = interrupt

    async def close(self) -> None:
        """Let the running call end, and end the thread."""
        self.stop()
        await asyncio.to_thread(self._executor.shutdown)


@asynccontextmanager
async def opened(path: Path) -> AsyncGenerator[tuple["Repository", HistoryThread], None]:
    """The repository at a path, open as long as the context lasts."""
    thread = HistoryThread()
    try:
        repository = await thread.call(_open, path)
        thread.interrupted_by(repository.interrupt)
        try:
            yield repository, thread
        finally:
            thread.stop()
            await thread.call(repository.__exit__, None, None, None)
    finally:
        await thread.close()


def _open(path: Path) -> "Repository":
    # In the thread, so that loading libgit2 overlaps with the request for the server's status.
    from tgl_history import open_repository  # noqa: PLC0415

    return open_repository(path).__enter__()


def _translated(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    from tgl_history import HistoryError  # noqa: PLC0415 -- in the thread, as in `_open`

    try:
        return act(*args, **kwargs)
    except HistoryError as error:
        raise LocalRepositoryError(str(error), hint=error.hint) from error
    except (OSError, RuntimeError, UnicodeError, ValueError) as error:
        # RuntimeError is what `pathlib` says of links in a circle, ValueError of a path with a NUL in it.
        reason = refusal(error) if isinstance(error, OSError | UnicodeError) else "its path leads nowhere"
        raise LocalRepositoryError(f"the repository cannot be read: {reason}") from error
