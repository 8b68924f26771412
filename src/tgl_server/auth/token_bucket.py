"""A limit on the wrong secrets that may be tried for one API key, as token buckets.

A random secret cannot be guessed; the limit is about the cost of the tries. Without it, whoever knows one prefix keeps
a core busy with Argon2 and fills the audit log. A right secret that was not recently verified has to wait as well.
"""

import time
from collections import OrderedDict

BURST = 30
PER_SECOND = 5.0

_MAX_KEPT = 10_000


class Attempts:
    """A bucket for each key, which refills with time; tests pass the time as an argument."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float | None = None) -> bool:
        """Take one attempt; True if there was one left."""
        now = time.monotonic() if now is None else now
        left, since = self._left.get(key, (float(BURST), now))
        left = min(BURST, left + (now - since) * PER_SECOND)
        is_left = left >= 1
        self._put(key, left - is_left, now)
        return is_left

    def give_back(self, key: str) -> None:
        """Return an attempt that was right, so that it does not count."""
        left, since = self._left.get(key, (float(BURST), 0.0))
        self._put(key, left + 1, since)

    def _put(self, key: str, left: float, now: float) -> None:
        self._left[key] = (left, now)
        self._left.move_to_end(key)
        while len(self._left) > _MAX_KEPT:
            self._left.popitem(last=False)
