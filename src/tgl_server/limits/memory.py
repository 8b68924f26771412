"""Hits in the memory of one process, as a storage of the `limits` library.

The library's own async memory storage starts a task on each request that visits every client it knows, through a
thread each time, and it grows with the number of clients without a bound. This one forgets what has left the window
when the client comes back, and drops the client seen longest ago when there are too many of them.
"""

import time
from array import array
from bisect import bisect_right
from collections import OrderedDict

from limits.aio.storage import MovingWindowSupport, Storage

# With 600 hits of 8 bytes each that is 48 MB at the very worst. Who commands more addresses than this is not
# stopped by counting per address.
MAX_CLIENTS = 10_000


class BoundedMemory(Storage, MovingWindowSupport):
    """Moving windows only; `now` is the wall clock, as in the library's other storages."""

    def __init__(self, max_clients: int = MAX_CLIENTS) -> None:
        super().__init__()
        self._max_clients = max_clients
        self._hits: OrderedDict[str, array[float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return ()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a hit, unless the window is full."""
        now = time.time()
        hits = self._window(key, now - expiry, now)
        if len(hits) + amount > limit:
            return False
        hits.extend([now] * amount)
        return True

    async def get_moving_window(
        self,
        key: str,
        limit: int,  # noqa: ARG002 -- the library's signature
        expiry: int,
    ) -> tuple[float, int]:
        """When the oldest hit of the window was, and how many it holds."""
        now = time.time()
        hits = self._hits.get(key)
        start = bisect_right(hits, now - expiry) if hits else 0
        return (hits[start], len(hits) - start) if hits and start < len(hits) else (now, 0)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError

    async def get(self, key: str) -> int:
        return len(self._hits.get(key, ()))

    async def get_expiry(self, key: str) -> float:
        raise NotImplementedError

    async def check(self) -> bool:
        return True

    async def reset(self) -> int | None:
        known = len(self._hits)
        self._hits.clear()
        return known

    async def clear(self, key: str) -> None:
        self._hits.pop(key, None)

    def _window(self, key: str, since: float, now: float) -> "array[float]":
        """Hits from the future are from before the clock was set back: they would count until it has caught up."""
        hits = self._hits.get(key)
        if hits is None:
            hits = self._hits[key] = array("d")
            if len(self._hits) > self._max_clients:
                self._hits.popitem(last=False)
        self._hits.move_to_end(key)
        del hits[bisect_right(hits, now) :]
        del hits[: bisect_right(hits, since)]
        return hits
