"""How many wrong secrets a key may be tried with before it is left alone for a while.

A random secret is not guessed; this is about the cost of looking. Without it, whoever knows one prefix keeps a core
busy with Argon2 and fills the audit log. Meanwhile a right secret that was not used of late has to wait as well.
"""

import time
from collections import OrderedDict

BURST = 30
PER_SECOND = 5.0

_MAX_KEPT = 10_000


class Attempts:
    """A bucket for each key that fills itself again; the clock is an argument for the tests."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float | None = None) -> bool:
        """Whether there was one left."""
        now = time.monotonic() if now is None else now
        left, since = self._left.get(key, (float(BURST), now))
        left = min(BURST, left + (now - since) * PER_SECOND)
        is_left = left >= 1
        self._put(key, left - is_left, now)
        return is_left

    def give_back(self, key: str) -> None:
        """The attempt was right, and does not count."""
        left, since = self._left.get(key, (float(BURST), 0.0))
        self._put(key, left + 1, since)

    def _put(self, key: str, left: float, now: float) -> None:
        self._left[key] = (left, now)
        self._left.move_to_end(key)
        while len(self._left) > _MAX_KEPT:
            self._left.popitem(last=False)
