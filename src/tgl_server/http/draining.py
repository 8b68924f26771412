"""Stopping without losing anything: requests that have begun are finished, later ones are told to come back.

SIGTERM reaches each worker:

1. `/ready` and every new request answer 503 with `Retry-After` and close their connection; `/health` stays 200.
2. Requests that are being answered go on; a stream of commits ends after the chunk that it is storing.
3. When all are answered, and SHUTDOWN_DRAIN_SECONDS have passed so that load balancers have noticed, Granian stops.

All of it takes at most `MOST_SECONDS`. SIGINT, the Ctrl-C of a terminal, skips to 3.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tgl_server.errors import Unavailable
from tgl_server.http.problems import send_problem

log = structlog.get_logger()

# Less than Granian waits before it kills a worker.
MOST_SECONDS = 15.0

_RETRY_SECONDS = 2
_STOPPING = "The server is being stopped; send the request again when it is back."
# For those who restart or measure a process: these are answered to the end.
_ALWAYS = frozenset({"/health", "/metrics"})
_CLOSE = (b"connection", b"close")


class Draining:
    """The number of requests being answered, and the state of the drain."""

    def __init__(self) -> None:
        self.has_begun = False
        self._open = 0
        self._nothing_open = asyncio.Event()
        self._nothing_open.set()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request that was admitted, while the block runs."""
        self._open += 1
        self._nothing_open.clear()
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._nothing_open.set()

    async def drain(self, at_least: float) -> None:
        """Refuse new requests from now on; returns when the others are answered, or after `MOST_SECONDS`."""
        self.has_begun = True
        log.info("draining", answering=self._open)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOST_SECONDS):
                await asyncio.gather(asyncio.sleep(at_least), self._nothing_open.wait())
        log.info("drained", still_answering=self._open)


def refuse_when_draining(app: ASGIApp, draining: Draining) -> ASGIApp:
    """Middleware inside `finish_bodies`: counts the requests being answered; answers 503 once draining has begun."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"] in _ALWAYS:
            await app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and draining.has_begun:
                message["headers"] = [*message.get("headers", ()), _CLOSE]
            await send(message)

        if draining.has_begun:
            await send_problem(scope, send_last, Unavailable(_STOPPING, retry_after=_RETRY_SECONDS))
            return
        with draining.answering():
            await app(scope, receive, send_last)

    return middleware


@asynccontextmanager
async def drained_on_sigterm(draining: Draining, at_least: float) -> AsyncIterator[None]:
    """Drain on SIGTERM while the block runs; for a worker's lifespan, which begins after Granian took the signals."""
    started: list[asyncio.Task[None]] = []

    async def drain() -> None:
        await draining.drain(at_least)
        signal.raise_signal(signal.SIGINT)  # Granian's own way to stop

    def begin() -> None:
        if not started:
            started.append(asyncio.create_task(drain()))

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, begin)
    try:
        yield
    finally:
        for task in started:
            task.cancel()
