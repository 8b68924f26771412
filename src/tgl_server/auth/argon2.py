"""Argon2id in threads, a few at a time: by design a verification costs tens of milliseconds of one core.

Callers wait in queues of their own kind (`turns.py`), all of them bounded, and the keys tried against one row's hash
are bounded besides and have a rate. So a flood of invented logins stops neither those who are known nor keys, and a
flood of wrong secrets for one known prefix does not stop the other keys. A caller who finds a queue full is told to
come back.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from tgl_server.auth.token_bucket import Attempts
from tgl_server.auth.turns import Queue, QueueFull, Turns
from tgl_server.errors import Unavailable
from tgl_server.logs.outages import Outage
from tgl_server.metrics.definitions import ARGON2_REFUSALS
from tgl_server.settings import Settings

MAX_WAITING_PER_KEY = 4

_T = TypeVar("_T")


class Argon2:
    """Hashes and verifies API keys and passwords, with parameters from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._threads = ThreadPoolExecutor(settings.argon2_concurrency, "argon2")
        self._turns = Turns(settings.argon2_concurrency)
        self._attempts = Attempts()
        self._tried = Counter[str]()
        self._full = {queue: Outage("argon2_queue_full") for queue in Queue}
        self._keys: dict[tuple[str, str], asyncio.Task[bool]] = {}

    async def hash(self, secret: str, queue: Queue) -> str:
        """A new hash of a secret, made when the queue lets it; raises `Unavailable`, as every use does."""
        return await self._run(queue, self._hasher.hash, secret)

    async def verify(self, hashed: str, secret: str, queue: Queue) -> bool:
        """True for the right secret; False also for a hash that is invalid.

        Each call does its own work, so that the time it takes tells nothing about other calls.
        """
        return await self._run(queue, self._matches, hashed, secret)

    async def verify_key(self, hashed: str, full_key: str) -> bool:
        """True for the right API key; callers with the same key at the same time share one verification."""
        running = self._keys.get((hashed, full_key)) or self._start(hashed, full_key)
        # Shielded: a caller who disconnects must not cancel the verification for the others.
        return await asyncio.shield(running)

    def is_outdated(self, hashed: str) -> bool:
        """True for a hash made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def waiting(self) -> dict[str, int]:
        """The number of hashes and verifications that run or wait, by queue."""
        return self._turns.count()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, hashed: str, full_key: str) -> asyncio.Task[bool]:
        if self._tried[hashed] >= MAX_WAITING_PER_KEY or not self._attempts.take(hashed):
            raise self._busy(Queue.KEYS)
        running = asyncio.create_task(self._run(Queue.KEYS, self._matches, hashed, full_key))

        def forget(task: asyncio.Task[bool]) -> None:
            del self._keys[hashed, full_key]
            self._tried[hashed] -= 1
            if not self._tried[hashed]:
                del self._tried[hashed]
            # Its exception is retrieved here, even if every caller has disconnected.
            if not task.cancelled() and task.exception() is None and task.result():
                self._attempts.give_back(hashed)

        self._keys[hashed, full_key] = running
        self._tried[hashed] += 1
        running.add_done_callback(forget)
        return running

    def _matches(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, secret)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _run(self, queue: Queue, work: Callable[..., _T], *arguments: str) -> _T:
        try:
            await self._turns.take(queue)
        except QueueFull:
            raise self._busy(queue) from None
        try:
            running = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except RuntimeError:  # the threads have ended
            self._turns.give_back(queue)
            raise
        # The turn lasts as long as its thread works, also for a caller who has disconnected.
        running.add_done_callback(lambda _: self._turns.give_back(queue))
        return await asyncio.shield(running)

    def _busy(self, queue: Queue) -> Unavailable:
        ARGON2_REFUSALS.labels(queue).inc()
        self._full[queue].note(queue=str(queue), consequence="answered 503")
        return Unavailable("The server is busy verifying credentials; try again.", retry_after=1)
