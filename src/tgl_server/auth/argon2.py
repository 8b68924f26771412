"""Argon2id in threads, a few at a time: a verification costs tens of milliseconds of one core by design.

What waits is bounded: all passwords together, all API keys together, and the keys tried against one row's hash,
which are few a second besides. So a flood of wrong passwords cannot stop keys from being verified, and a flood of
wrong secrets for one known prefix cannot stop the other keys. Whoever finds a queue full is told to come back.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from tgl_server.auth.attempts import Attempts
from tgl_server.errors import Unavailable
from tgl_server.metrics.definitions import ARGON2_REFUSALS
from tgl_server.settings import Settings

MAX_WAITING = 64
MAX_WAITING_PER_KEY = 4

_PASSWORDS = "passwords"
_KEYS = "keys"

_T = TypeVar("_T")


class Argon2:
    """Hashes and verifies API keys and passwords; parameters from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._threads = ThreadPoolExecutor(settings.argon2_concurrency, "argon2")
        self._waiting: Counter[str] = Counter()
        self._attempts = Attempts()
        self._keys: dict[tuple[str, str], asyncio.Task[bool]] = {}

    async def hash(self, secret: str) -> str:
        return await self._run({_PASSWORDS: MAX_WAITING}, self._hasher.hash, secret)

    async def verify(self, hashed: str, secret: str) -> bool:
        """False for a wrong secret and for a hash that is none. Each call does its own work, so that the time it
        takes tells nothing about other calls."""
        return await self._run({_PASSWORDS: MAX_WAITING}, self._matches, hashed, secret)

    async def verify_key(self, hashed: str, full_key: str) -> bool:
        """The same for an API key; callers with the same key at the same time share one verification."""
        running = self._keys.get((hashed, full_key)) or self._start(hashed, full_key)
        # Shielded: a caller who hangs up must not take the answer from the others.
        return await asyncio.shield(running)

    async def hash_key(self, full_key: str) -> str:
        """A new hash of an API key, in the line of the keys."""
        return await self._run({_KEYS: MAX_WAITING}, self._hasher.hash, full_key)

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def waiting(self) -> dict[str, int]:
        """How many run or wait."""
        return {queue: self._waiting[queue] for queue in (_PASSWORDS, _KEYS)}

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, hashed: str, full_key: str) -> asyncio.Task[bool]:
        if not self._attempts.take(hashed):
            raise self._busy(_KEYS)
        queues = {_KEYS: MAX_WAITING, hashed: MAX_WAITING_PER_KEY}
        running = asyncio.create_task(self._run(queues, self._matches, hashed, full_key))

        def forget(task: asyncio.Task[bool]) -> None:
            del self._keys[hashed, full_key]
            # Its exception is seen here, even if every caller has hung up.
            if not task.cancelled() and task.exception() is None and task.result():
                self._attempts.give_back(hashed)

        self._keys[hashed, full_key] = running
        running.add_done_callback(forget)
        return running

    def _matches(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, secret)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _run(self, queues: dict[str, int], work: Callable[..., _T], *arguments: str) -> _T:
        with self._queued(queues):
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    @contextlib.contextmanager
    def _queued(self, queues: dict[str, int]) -> Iterator[None]:
        if any(self._waiting[queue] >= most for queue, most in queues.items()):
            raise self._busy(_PASSWORDS if _PASSWORDS in queues else _KEYS)
        self._waiting.update(queues.keys())
        try:
            yield
        finally:
            self._waiting.subtract(queues.keys())
            for queue in queues:
                if not self._waiting[queue]:
                    del self._waiting[queue]

    def _busy(self, queue: str) -> Unavailable:
        ARGON2_REFUSALS.labels(queue).inc()
        return Unavailable("The server is busy verifying credentials; try again.", retry_after=1)
