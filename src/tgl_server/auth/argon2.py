"""Argon2id in threads, a few at a time: a verification costs tens of milliseconds of one core by design."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from tgl_server.errors import Unavailable
from tgl_server.settings import Settings

# Behind this many waiting verifications a caller is told to come back: bad keys must not fill the memory.
MAX_WAITING = 64

_T = TypeVar("_T")


class Argon2:
    """Hashes and verifies API keys and passwords; parameters from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._threads = ThreadPoolExecutor(settings.argon2_concurrency, thread_name_prefix="argon2")
        self.waiting = 0

    async def hash(self, secret: str) -> str:
        return await self._run(self._hasher.hash, secret)

    async def verify(self, hashed: str, secret: str) -> bool:
        """False for a wrong secret and for a hash that is none."""
        return await self._run(self._matches, hashed, secret)

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, secret)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., _T], *arguments: str) -> _T:
        if self.waiting >= MAX_WAITING:
            raise Unavailable("The server is busy verifying credentials; try again.", retry_after=1)
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self.waiting -= 1
