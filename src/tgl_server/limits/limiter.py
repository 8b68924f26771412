"""The rate limiter: counts hits in moving windows, and lets requests pass while its storage does not answer.

docs/decisions/rate-limits.md has the reasons.
"""

import math
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from limits import RateLimitItem
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tgl_server.limits.storage import open_windows
from tgl_server.logs.outages import Outage, reason_of
from tgl_server.metrics.definitions import LIMITER_UNAVAILABLE

_T = TypeVar("_T")

# While the storage does not answer, one request in each such period tries it again; the others pass at once.
RETRY_SECONDS = 1.0


class Standing(Struct, frozen=True):
    """A client's count under a limit; the oldest counted request leaves the window in `reset_seconds`."""

    limit: int
    remaining: int
    reset_seconds: int
    is_refused: bool


class RateLimiter:
    """The counts of all limits of the process; make it on the event loop that uses it.

    A count is named by its limit, which is one of few words, and by the client that it is for.
    """

    def __init__(self, storage_url: str) -> None:
        self._windows_of, self._pool = open_windows(storage_url)
        self._outage = Outage("rate_limiter_unavailable", "rate_limiter_back")
        self._retry_at = 0.0

    async def hit(self, item: RateLimitItem, limit: str, *who: str) -> Standing | None:
        """Count a request; None if it could not be counted."""
        return await self._ask(limit, self._hit(item, limit, who), otherwise=None)

    async def answers(self) -> bool:
        """True if the storage of counts can be reached now; memory always can."""
        if self._pool is None:
            return True
        try:
            return bool(await Redis(connection_pool=self._pool).ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _hit(self, item: RateLimitItem, limit: str, who: tuple[str, ...]) -> Standing | None:
        windows = self._windows_of(limit)
        admitted = await windows.hit(item, limit, *who)
        reset_at, remaining = await windows.get_window_stats(item, limit, *who)
        # Never longer than the window, whatever the clock did: clients wait as long as they are told.
        reset = min(item.get_expiry(), max(1, math.ceil(reset_at - time.time())))
        return Standing(item.amount, max(0, remaining), reset, is_refused=not admitted)

    async def _ask(self, limit: str, question: Coroutine[Any, Any, _T], otherwise: _T) -> _T:
        if not self._may_ask():
            question.close()
            LIMITER_UNAVAILABLE.labels(limit).inc()
            return otherwise
        try:
            answer = await question
        except (RedisError, OSError) as error:
            LIMITER_UNAVAILABLE.labels(limit).inc()
            self._note_absence(error)
            return otherwise
        self._outage.end()
        return answer

    def _may_ask(self) -> bool:
        if not self._outage.lasts:
            return True
        now = time.monotonic()
        if now < self._retry_at:
            return False
        self._retry_at = now + RETRY_SECONDS
        return True

    def _note_absence(self, error: Exception) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        self._outage.note(reason=reason_of(error), consequence="requests pass uncounted")
