"""Turns at Argon2's threads: several queues, so that a flood in one of them takes nothing from the others.

A thread that is free goes to the callers who have shown who they are, and then to the other queues in rotation. So a
login from an unknown network waits behind one hash of each other queue, however full they are.
"""

import asyncio
from collections import Counter, deque
from enum import StrEnum

MAX_WAITING = 64


class Queue(StrEnum):
    """The queues, by who waits in them; each is bounded by itself."""

    #: Passwords from networks that the account has logged in from, and of running sessions. These go first: there are
    #: few of them, as each account and network has its own limit.
    KNOWN = "known"
    #: Passwords from unknown networks, which may be anybody's and for any address.
    UNKNOWN = "unknown"
    REGISTRATIONS = "registrations"
    #: API keys of requests.
    KEYS = "keys"
    #: API keys that sessions make.
    NEW_KEYS = "new_keys"


class QueueFull(Exception):
    """Too many wait in this queue already."""


class Turns:
    """Hands out a number of turns; use it on one event loop."""

    def __init__(self, at_once: int, most_waiting: int = MAX_WAITING) -> None:
        self._free = at_once
        self._most_waiting = most_waiting
        self._waiting: dict[Queue, deque[asyncio.Future[None]]] = {queue: deque() for queue in Queue}
        self._rotation = deque(queue for queue in Queue if queue is not Queue.KNOWN)
        self._count = Counter[Queue]()

    def count(self) -> dict[str, int]:
        """The number of callers that have a turn or wait for one, by queue."""
        return {queue: self._count[queue] for queue in Queue}

    async def take(self, queue: Queue) -> None:
        """Wait for a turn, which `give_back` must end; raises `QueueFull` at once."""
        if self._count[queue] >= self._most_waiting:
            raise QueueFull
        self._count[queue] += 1
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[queue].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._count[queue] -= 1
            else:  # the turn came in the moment in which its caller disconnected
                self.give_back(queue)
            raise

    def give_back(self, queue: Queue) -> None:
        """End a turn, and begin that of the next caller."""
        self._count[queue] -= 1
        following = self._next()
        if following is None:
            self._free += 1
        else:
            following.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        """The caller to go next; those who disconnected are still in their queue, cancelled."""
        for queue in (Queue.KNOWN, *self._rotation):
            while self._waiting[queue]:
                if not (turn := self._waiting[queue].popleft()).cancelled():
                    self._end_of_rotation(queue)
                    return turn
        return None

    def _end_of_rotation(self, queue: Queue) -> None:
        if queue is not Queue.KNOWN:
            self._rotation.remove(queue)
            self._rotation.append(queue)
