"""Lines about something that is away or full: when it begins, now and then while it lasts, and when it is over."""

import errno
import math
import time

import structlog

_EVERY_SECONDS = 30.0


class Outage:
    """One thing that may be away or full; `over` is the event that ends it, for what has an end."""

    def __init__(self, event: str, over: str = "", every: float = _EVERY_SECONDS) -> None:
        self._event, self._over, self._every = event, over, every
        self._since: float | None = None
        self._logged_at = -math.inf
        self._is_told = False
        self._times = 0

    @property
    def lasts(self) -> bool:
        return self._since is not None

    def note(self, **fields: object) -> None:
        """It was met: an error in the log, at most every 30 s, with how often it was met since the last line."""
        now = time.monotonic()
        self._times += 1
        if self._since is None:
            self._since, self._is_told = now, False
        if now - self._logged_at >= self._every:
            structlog.get_logger().error(self._event, times=self._times, **fields)
            self._logged_at, self._is_told, self._times = now, True, 0

    def end(self) -> None:
        """It is not there: a line in the log if it was, and the log says so."""
        if self._since is not None:
            if self._is_told:
                structlog.get_logger().warning(self._over, seconds=round(time.monotonic() - self._since, 1))
            self._since = None


def reason_of(error: BaseException) -> str:
    """The kind of an error, for the log, with the system's word for it such as `EMFILE`; without its text."""
    number = getattr(error, "errno", None)
    word = errno.errorcode.get(number, "") if isinstance(number, int) else ""
    return f"{type(error).__name__} {word}".strip()
