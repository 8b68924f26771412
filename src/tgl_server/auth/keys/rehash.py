"""Rehashing of API keys when the Argon2 parameters have changed; no request waits for it.

Only a verification has the whole key, so it leaves the key here, and one task works through the queue. A process
rehashes a key once: otherwise two servers with different parameters would take turns forever. What fails, or is lost
with the process, is tried by the next one that verifies the key.
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
from tgl_server.auth.turns import Queue
from tgl_server.background import run_until_cancelled
from tgl_server.db.engine import Database

log = structlog.get_logger()

_MOST_WAITING = 1000
_MOST_RENEWED = 100_000


class _Old(Struct, frozen=True):
    key_id: UUID
    key_hash: str
    key: ApiKey


class KeyHashRenewal:
    """A queue of keys to rehash; `remember` gets each key with its new hash, so that no request verifies it again."""

    def __init__(self, database: Database, argon2: Argon2, remember: Callable[[str, str], None]) -> None:
        self._database = database
        self._argon2 = argon2
        self._remember = remember
        self._waiting: asyncio.Queue[_Old] = asyncio.Queue(_MOST_WAITING)
        self._taken: set[UUID] = set()
        #: The number of keys still to be rehashed.
        self.left = 0

    def note(self, key_id: UUID, key_hash: str, key: ApiKey) -> None:
        """Queue a key that was just verified against this hash, if that is outdated; never waits."""
        if not self._argon2.is_outdated(key_hash) or key_id in self._taken or len(self._taken) >= _MOST_RENEWED:
            return
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(_Old(key_id, key_hash, key))
            self._taken.add(key_id)
            self.left += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Rehash while the block runs."""
        async with run_until_cancelled(self._renew_all()):
            yield

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
        renewed = await self._argon2.hash(old.key.full_key, Queue.KEYS)
        async with self._database.transaction() as tx:
            values = {"id": old.key_id, "old": old.key_hash, "new": renewed}
            is_ours = await tx.scalar(RENEW_KEY_HASH, values) is not None
        if is_ours:
            self._remember(old.key.full_key, renewed)
            log.info("api_key_hash_renewed", key_id=str(old.key_id))
