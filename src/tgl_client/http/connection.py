"""The HTTP connection to the server: sends a request and reads its answer.

Every request is safe to repeat, so each is tried again on faults and waits visibly when the server asks it to.
What an answer means is decided in `responses`, how long to wait in `retry`.
"""

import asyncio
import copy
import logging
import random
import time
from collections.abc import Callable
from email.utils import formatdate
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from tgl_client import errors
from tgl_client.http.address import ServerUrl
from tgl_client.http.failures import unreachable
from tgl_client.http.proxy import proxy_for
from tgl_client.http.responses import Answer, error_of
from tgl_client.http.retry import RetryPolicy, next_delay, parse_retry_after
from tgl_client.http.stream_body import StreamBody
from tgl_client.http.trace import Trace
from tgl_client.http.write_timeout import PIECE, WriteTimeout
from tgl_protocol import __version__, http
from tgl_protocol.keys import ApiKey

_LOG: Final = logging.getLogger(__name__)

Body = bytes | StreamBody | None

CONNECT_TIMEOUT: Final = 10.0

# Answers are small; whatever sends more than this is not our server.
_MAX_ANSWER = 16 * 1024 * 1024

#: Called before each wait with the seconds and the reason.
OnWait = Callable[[float, errors.AnswerError], None]


def _ignore_wait(seconds: float, reason: errors.AnswerError) -> None:
    pass


class _Shared:
    """What all that use the connection know of the server.

    `until` is the monotonic time until which it wants no request. `trouble` is the last fault, until an answer comes.
    """

    until = 0.0
    answers = 0
    trouble: errors.AnswerError | None = None


class Connection:
    """Sends requests to one server, with one key if there is one; use it as an asynchronous context manager."""

    def __init__(self, url: ServerUrl, key: ApiKey | None, *, retries: RetryPolicy, read_timeout: float) -> None:
        self._url = url
        self._on_wait: OnWait = _ignore_wait
        self._retries = retries
        self._read_timeout = read_timeout
        self._timeout = aiohttp.ClientTimeout(
            connect=CONNECT_TIMEOUT, sock_connect=CONNECT_TIMEOUT, sock_read=read_timeout
        )
        self._headers = {
            **({"Authorization": f"Bearer {key.full_key}"} if key is not None else {}),
            "User-Agent": f"tgl/{__version__}",
            "Accept": f"{http.JSON_MEDIA_TYPE}, {http.PROBLEM_MEDIA_TYPE}",
        }
        self._proxy = proxy_for(url)
        self._session: aiohttp.ClientSession | None = None
        self._shared = _Shared()

    async def __aenter__(self) -> Self:
        _LOG.debug("%s on the way to %s", f"proxy {self._proxy.name}" if self._proxy else "no proxy", self._url)
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            connector=aiohttp.TCPConnector(limit=16),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def heard_by(self, on_wait: OnWait) -> "Connection":
        """This connection with another listener: pushes that share it pause together and speak for themselves."""
        connection = copy.copy(self)
        connection._on_wait = on_wait
        return connection

    @property
    def trouble(self) -> errors.AnswerError | None:
        """The last fault, if no answer came since; also for a server that was asked and has not answered at all."""
        if self._shared.trouble is None and not self._shared.answers:
            return errors.UnreachableError(f"{URL(self._url.base).authority} has not answered")
        return self._shared.trouble

    async def send(self, method: str, url: str, headers: dict[str, str], body: Body) -> Answer:
        """Send a request until it is answered: at most `max_retries` faults, and `max_waiting` seconds of waiting."""
        number, faults, waited, began = 0, 0, 0.0, time.monotonic()
        while True:
            number += 1
            await self._wait_for_permission()
            try:
                answer = await self._send_once(method, url, headers, body, number)
            except (errors.UnreachableError, errors.ServerFaultError) as fault:
                if isinstance(fault, errors.UnreachableError) and fault.is_permanent:
                    raise
                faults += 1
                delay = self._own_delay(faults, fault.retry_after)
                self._shared.trouble = fault
                late = time.monotonic() - began + delay > self._retries.patience
                if late or faults > self._retries.max_retries or waited + delay > self._retries.max_waiting:
                    raise
                self._on_wait(delay, fault)
                await asyncio.sleep(delay)
            except errors.RateLimitedError as limited:
                delay = self._own_delay(0, limited.retry_after)
                self._shared.trouble = limited
                if waited + delay > self._retries.max_waiting:
                    raise
                self._pause_all(delay, limited)
            else:
                self._shared.answers, self._shared.trouble = self._shared.answers + 1, None
                return answer
            waited += delay

    def _pause_all(self, delay: float, limited: errors.RateLimitedError) -> None:
        """Let every request of this client wait, as those in flight would be refused as well, and say so once."""
        until = time.monotonic() + delay
        if until > self._shared.until + 1.0:
            self._on_wait(delay, limited)
        self._shared.until = max(self._shared.until, until)

    def _own_delay(self, attempt: int, retry_after: float | None) -> float:
        chance = random.random()  # noqa: S311 -- spreads clients over time, guards nothing
        return next_delay(attempt, chance, retry_after) * self._retries.scale

    async def _wait_for_permission(self) -> None:
        """Wait out the pause; another request may have lengthened it meanwhile, hence the loop."""
        while (pause := self._shared.until - time.monotonic()) > 0:  # noqa: ASYNC110 -- a known time, not an event
            await asyncio.sleep(pause)

    async def _send_once(self, method: str, url: str, headers: dict[str, str], body: Body, number: int) -> Answer:
        """Send a request once; an answer that asks for another try is raised, any other is returned."""
        assert self._session is not None, "use `async with`"
        # Each request has the key by itself: a session's default headers go to an HTTP proxy as well, in clear text.
        # The server shows by the date how far each client's clock is off.
        headers = {**self._headers, **headers, "Date": formatdate(usegmt=True)}
        stream = await body.open() if isinstance(body, StreamBody) else None
        trace, limit = Trace(method, url, number), WriteTimeout(self._read_timeout)
        try:
            async with (
                limit,
                self._session.request(
                    method,
                    URL(url, encoded=True),
                    headers=headers,
                    data=_Pieces(body, limit) if isinstance(body, bytes) else stream and limit.pieces(stream),
                    allow_redirects=False,
                    proxy=self._proxy.url if self._proxy else None,
                    proxy_headers=self._proxy.headers if self._proxy else None,
                ) as response,
            ):
                answer = await _read(method, url, response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            fault = unreachable(self._url, self._proxy, error)
            trace.failed(fault, limit.sent)
            raise fault from error
        trace.answered(answer, limit.sent)
        if answer.status == 429 or answer.status >= 500:
            raise error_of(answer)
        return answer


class _Pieces(aiohttp.Payload):
    """A body of known length that is sent in pieces, and can be sent again."""

    _autoclose = True  # nothing is open

    def __init__(self, body: bytes, limit: WriteTimeout) -> None:
        super().__init__(body)
        self._body = body
        self._size = len(body)
        self._limit = limit

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._body.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        for start in range(0, len(self._body), PIECE):
            piece = self._body[start : start + PIECE]
            with self._limit.piece(len(piece)):
                await writer.write(piece)


def _tell_when_closed(response: aiohttp.ClientResponse) -> None:
    """Let the reading of an answer end with its connection.

    aiohttp 3.14 closes a connection that breaks just when the end of a request's body is sent, removes its read
    timeout and does not tell who waits for the rest of the answer: they would wait for ever.
    """

    def tell() -> None:
        if not response.content.is_eof():
            response.content.set_exception(aiohttp.ServerDisconnectedError())

    connection = response.connection
    if connection is not None:
        connection.add_callback(tell)
        if connection.protocol is None:
            tell()


async def _read(method: str, url: str, response: aiohttp.ClientResponse) -> Answer:
    _tell_when_closed(response)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MAX_ANSWER:
            raise errors.UnexpectedAnswerError(f"the answer does not end ({method} {url})", status=response.status)
    headers = response.headers
    return Answer(
        method=method,
        url=url.partition("?")[0],
        status=response.status,
        content_type=response.content_type if "Content-Type" in headers else "",
        body=bytes(body),
        request_id=headers.get(http.REQUEST_ID_HEADER),
        retry_after=parse_retry_after(headers.get("Retry-After"), time.time()),
        location=headers.get("Location"),
    )
