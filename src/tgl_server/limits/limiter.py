"""Counting hits in moving windows, and letting requests pass while the counter is away.

Why they pass is in docs/decisions/rate-limits.md.
"""

import math
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
from limits import RateLimitItem
from msgspec import Struct
from redis.exceptions import RedisError

from tgl_server.limits.storage import open_windows
from tgl_server.metrics.definitions import LIMITER_UNAVAILABLE

log = structlog.get_logger()

_T = TypeVar("_T")

# While the storage is away, one request in each of these tries it again; the others pass at once.
RETRY_SECONDS = 1.0
_LOG_EVERY_SECONDS = 30.0


class Standing(Struct, frozen=True):
    """Where a client stands with a limit; `reset_seconds` until the oldest counted request leaves the window."""

    limit: int
    remaining: int
    reset_seconds: int
    is_refused: bool


class RateLimiter:
    """One storage for all limits of the process; made on the event loop that uses it.

    A count's name begins with that of its limit, one of few words, and goes on with whom it is for.
    """

    def __init__(self, storage_url: str) -> None:
        self._windows, self._pool = open_windows(storage_url)
        self._is_away = False
        self._retry_at = 0.0
        self._logged_at = -math.inf

    async def hit(self, item: RateLimitItem, limit: str, *who: str) -> Standing | None:
        """Count a request; None where it could not be counted."""
        return await self._ask(limit, self._hit(item, (limit, *who)), otherwise=None)

    async def is_free(self, item: RateLimitItem, limit: str, *who: str) -> bool:
        """Whether a hit would be admitted; True where nobody can say."""
        return await self._ask(limit, self._windows.test(item, limit, *who), otherwise=True)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _hit(self, item: RateLimitItem, who: tuple[str, ...]) -> Standing | None:
        admitted = await self._windows.hit(item, *who)
        reset_at, remaining = await self._windows.get_window_stats(item, *who)
        # Never longer than the window, whatever happened to the clock: clients wait for as long as it says.
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
        self._is_away = False
        return answer

    def _may_ask(self) -> bool:
        if not self._is_away:
            return True
        now = time.monotonic()
        if now < self._retry_at:
            return False
        self._retry_at = now + RETRY_SECONDS
        return True

    def _note_absence(self, error: Exception) -> None:
        now = time.monotonic()
        self._is_away, self._retry_at = True, now + RETRY_SECONDS
        if now - self._logged_at >= _LOG_EVERY_SECONDS:
            self._logged_at = now
            log.error("rate_limiter_unavailable", reason=type(error).__name__, consequence="requests pass uncounted")
