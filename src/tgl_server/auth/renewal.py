"""Hashing API keys anew when the Argon2 parameters have changed; no request waits for it.

Only a verification has the whole key, so it leaves the key here, and one task works through them. A key is renewed
once in the life of a process: two servers with different parameters would take turns for ever otherwise. What fails,
or is lost with the process, is tried by the next one that verifies the key.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from msgspec import Struct

from tgl_protocol.keys import ApiKey
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.queries import RENEW_KEY_HASH
from tgl_server.db.engine import Database

log = structlog.get_logger()

_MOST_WAITING = 1000
_MOST_RENEWED = 100_000


class _Old(Struct, frozen=True):
    key_id: UUID
    key_hash: str
    key: ApiKey


class KeyHashRenewal:
    """`remember` is told a key and its new hash, so that the next request need not verify it again."""

    def __init__(self, database: Database, argon2: Argon2, remember: Callable[[str, str], None]) -> None:
        self._database = database
        self._argon2 = argon2
        self._remember = remember
        self._waiting: asyncio.Queue[_Old] = asyncio.Queue(_MOST_WAITING)
        self._taken: set[UUID] = set()
        #: How many are still to be renewed.
        self.left = 0

    def note(self, key_id: UUID, key_hash: str, key: ApiKey) -> None:
        """A key that was just verified against this hash of its row; never waits."""
        if not self._argon2.is_outdated(key_hash) or key_id in self._taken or len(self._taken) >= _MOST_RENEWED:
            return
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(_Old(key_id, key_hash, key))
            self._taken.add(key_id)
            self.left += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Renews as long as the block lasts."""
        task = asyncio.create_task(self._renew_all())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _renew_all(self) -> None:
        while True:
            old = await self._waiting.get()
            try:
                await self._renew(old)
            except Exception as error:
                log.warning("api_key_hash_not_renewed", key_id=str(old.key_id), reason=type(error).__name__)
            finally:
                self.left -= 1

    async def _renew(self, old: _Old) -> None:
        renewed = await self._argon2.hash_key(old.key.full_key)
        async with self._database.transaction() as tx:
            values = {"id": old.key_id, "old": old.key_hash, "new": renewed}
            is_ours = await tx.scalar(RENEW_KEY_HASH, values) is not None
        if is_ours:
            self._remember(old.key.full_key, renewed)
            log.info("api_key_hash_renewed", key_id=str(old.key_id))
