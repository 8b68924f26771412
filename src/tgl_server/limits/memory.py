"""Moving windows in the memory of one process.

The async memory storage of the `limits` library (5.8) starts a task on each request that visits every client it knows,
through a thread each time, and it grows with the number of clients without a bound. This one forgets hits that have
left the window when their client comes back, and drops the least recently seen client when there are too many.
"""

import time
from array import array
from bisect import bisect_right
from collections import OrderedDict

from limits import RateLimitItem, WindowStats

# With 600 hits of 8 bytes each that is at most 48 MB. An attacker with more addresses than this is not stopped by
# counting per address.
MAX_CLIENTS = 10_000


class BoundedWindows:
    """Moving windows of one limit, like the library's `MovingWindowRateLimiter`; they use the wall clock, too."""

    def __init__(self, max_clients: int = MAX_CLIENTS) -> None:
        self._max_clients = max_clients
        self._hits: OrderedDict[str, array[float]] = OrderedDict()

    def __len__(self) -> int:
        """The number of clients that are known."""
        return len(self._hits)

    async def hit(self, item: RateLimitItem, *who: str) -> bool:
        """Count a hit; False if the window is full."""
        now = time.time()
        hits = self._window(item.key_for(*who), now - item.get_expiry(), now)
        if len(hits) >= item.amount:
            return False
        hits.append(now)
        return True

    async def get_window_stats(self, item: RateLimitItem, *who: str) -> WindowStats:
        """The time at which the oldest hit leaves the window, and the room in it; does not make a client known."""
        now = time.time()
        hits = self._hits.get(item.key_for(*who), ())
        start = bisect_right(hits, now - item.get_expiry())
        inside = bisect_right(hits, now) - start
        oldest = hits[start] if inside else now
        return WindowStats(oldest + item.get_expiry(), item.amount - inside)

    def _window(self, key: str, since: float, now: float) -> "array[float]":
        """The client's hits in the window. Hits from the future are dropped: the clock was set back since."""
        hits = self._hits.get(key)
        if hits is None:
            hits = self._hits[key] = array("d")
            if len(self._hits) > self._max_clients:
                self._hits.popitem(last=False)
        self._hits.move_to_end(key)
        del hits[bisect_right(hits, now) :]
        del hits[: bisect_right(hits, since)]
        return hits
