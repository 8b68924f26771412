"""Wake-ups from requests: sent beside the answer, which never waits for the broker and never fails with it.

What is not sent is found by the next tick: the request is in the database.
"""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final

from tgl_server.broker.address import shown_broker
from tgl_server.broker.sending import BrokerAway, Send, WakeUp, open_sender
from tgl_server.logs.outages import Outage, reason_of

_MOST_WAITING: Final = 100
#: For so long nothing is sent to a broker that was away: each try costs the processor some milliseconds, and a beat
#: looks as often.
_QUIET_SECONDS: Final = 5.0


class WakeUps:
    """Sends in a thread of its own, in the order of asking; does nothing without a broker."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._send: Send | None = None
        self._waiting: set[WakeUp] = set()
        self._lock = Lock()
        self._quiet_until = -math.inf
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tgl-wake-up") if url else None
        self._outage = Outage("broker_away", "broker_back")

    def wake(self, wake_up: WakeUp) -> None:
        """Let a worker look at a repository soon. Returns at once, and raises nothing."""
        if self._thread is None or time.monotonic() < self._quiet_until:
            return
        with self._lock:
            if wake_up in self._waiting or len(self._waiting) >= _MOST_WAITING:
                return
            self._waiting.add(wake_up)
        self._thread.submit(self._deliver, wake_up)

    def close(self) -> None:
        """Send nothing more; what waits is left to the tick."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, wake_up: WakeUp) -> None:
        with self._lock:
            if wake_up not in self._waiting:  # the one before it met a broker that is away
                return
            self._waiting.discard(wake_up)
        try:
            self._send = self._send or open_sender(self._url)
            self._send(wake_up)
            self._outage.end()
        except BrokerAway as error:
            with self._lock:
                self._waiting.clear()
            self._quiet_until = time.monotonic() + _QUIET_SECONDS
            self._outage.note(reason=str(error), consequence="the next tick of a beat finds what was asked for")
        except Exception as error:
            self._outage.note(broker=shown_broker(self._url), reason=reason_of(error))
