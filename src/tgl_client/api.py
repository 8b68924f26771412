"""The server's HTTP interface, and the only importer of aiohttp.

Every request is safe to repeat, so each is tried again on faults and waits visibly when the server asks it to.
What an answer means is decided in `answers`, how long to wait in `delay`.
"""

import asyncio
import contextlib
import copy
import random
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from types import TracebackType
from typing import Final, Self, TypeVar
from uuid import UUID

import aiohttp
import msgspec
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from tgl_client import errors
from tgl_client.address import ServerUrl, Target
from tgl_client.answers import Answer, error_of, read_answer
from tgl_client.batch import Payload, pack
from tgl_client.delay import RetryPolicy, next_delay, parse_retry_after
from tgl_client.stream import StreamBody
from tgl_client.upload import PIECE, Pace, paced
from tgl_protocol import __version__, http
from tgl_protocol.commits import (
    Capabilities,
    MissingRequest,
    MissingResult,
    PushResult,
    RefsResult,
    RefsUpdate,
    RepoStatus,
    RunPage,
    StreamResult,
)
from tgl_protocol.keys import ApiKey

T = TypeVar("T")

Body = bytes | StreamBody | None

CONNECT_TIMEOUT: Final = 10.0

#: No byte for so long means a hanging server; a full batch is stored in well under a second.
READ_TIMEOUT: Final = 60.0

# Answers are small; whatever sends more than this is not our server.
_MAX_ANSWER = 16 * 1024 * 1024

#: Called before each wait with the seconds and the reason.
OnWait = Callable[[float, errors.AnswerError], None]


def _ignore_wait(seconds: float, reason: errors.AnswerError) -> None:
    pass


class _Pause:
    """Until when, in monotonic time, the server wants no request; shared by all that use the connection."""

    until = 0.0


class Api:
    """A connection to one server with one key; use it as an asynchronous context manager."""

    def __init__(
        self,
        url: ServerUrl,
        key: ApiKey,
        *,
        retries: RetryPolicy | None = None,
        read_timeout: float = READ_TIMEOUT,
        on_wait: OnWait = _ignore_wait,
    ) -> None:
        self.url = url
        self.on_wait = on_wait
        #: Set by whoever read the server's capabilities.
        self.compress = False
        self._retries = retries or RetryPolicy()
        self._read_timeout = read_timeout
        self._timeout = aiohttp.ClientTimeout(
            connect=CONNECT_TIMEOUT, sock_connect=CONNECT_TIMEOUT, sock_read=read_timeout
        )
        self._headers = {
            "Authorization": f"Bearer {key.full_key}",
            "User-Agent": f"tgl/{__version__}",
            "Accept": f"{http.JSON_MEDIA_TYPE}, {http.PROBLEM_MEDIA_TYPE}",
        }
        self._session: aiohttp.ClientSession | None = None
        self._pause = _Pause()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
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

    def heard_by(self, on_wait: OnWait) -> "Api":
        """The same connection with another listener: pushes that share it pause together and speak for themselves."""
        api = copy.copy(self)
        api.on_wait = on_wait
        return api

    async def capabilities(self) -> Capabilities:
        """What the server offers; needs no right."""
        return await self._call("GET", "/capabilities", Capabilities)

    async def status(self, target: Target) -> RepoStatus:
        """The repository's sync state and recorded branch tips."""
        return await self._call("GET", f"{target.sync_path}/status", RepoStatus)

    async def runs(self, target: Target) -> RunPage:
        """The latest pushes, newest first."""
        return await self._call("GET", f"{target.sync_path}/runs", RunPage)

    async def check_key(self) -> None:
        """Whether the server accepts the key, asked without knowing any repository of its owner's.

        No project can be called `-`, so an accepted key gets "not found", and a refused one an error of its own.
        """
        with contextlib.suppress(errors.UnknownTargetError):
            await self.status(Target("-", "-"))

    async def create_repository(self, target: Target) -> None:
        """Register a repository that will be pushed to; the key's owner must maintain the project."""
        body = msgspec.json.encode({"name": target.repo, "sync_method": "push_client"})
        await self._call("POST", target.project_path + "/repos", msgspec.Raw, self.pack(body))

    async def missing(self, target: Target, shas: Sequence[str]) -> list[str]:
        """Those of the commits that the server lacks, in the order asked."""
        payload = self.pack(msgspec.json.encode(MissingRequest(list(shas))))
        return (await self._call("POST", f"{target.sync_path}/missing", MissingResult, payload)).missing

    async def push(self, target: Target, payload: Payload, run_id: UUID) -> PushResult:
        """Store one packed `PushBatch`; a bad commit is reported, and the rest is stored."""
        return await self._call("POST", f"{target.sync_path}/commits?on_error=skip", PushResult, payload, run_id)

    async def push_stream(self, target: Target, body: StreamBody, run_id: UUID) -> StreamResult:
        """Store commits of any number in one request; a bad one is reported, and the rest is stored."""
        headers = {"Content-Type": http.NDJSON_MEDIA_TYPE, http.RUN_ID_HEADER: str(run_id)}
        if self.compress:
            headers["Content-Encoding"] = "gzip"
        url = self.url.api(f"{target.sync_path}/commits/stream")
        return read_answer(await self._send_with_retry("POST", url, headers, body), StreamResult)

    async def put_refs(self, target: Target, refs: dict[str, str], run_id: UUID | None = None) -> None:
        """Record branch tips; with a run id this also closes the run."""
        payload = self.pack(msgspec.json.encode(RefsUpdate(dict(refs))))
        await self._call("PUT", f"{target.sync_path}/refs", RefsResult, payload, run_id)

    def pack(self, body: bytes) -> Payload:
        """A body as it travels: compressed where the server takes it and the link is worth it."""
        return pack(body, compress=self.compress)

    async def _call(
        self, method: str, path: str, type_: type[T], payload: Payload | None = None, run_id: UUID | None = None
    ) -> T:
        headers = {}
        if payload is not None:
            headers["Content-Type"] = http.JSON_MEDIA_TYPE
        if payload is not None and payload.encoding:
            headers["Content-Encoding"] = payload.encoding
        if run_id is not None:
            headers[http.RUN_ID_HEADER] = str(run_id)
        body = payload.body if payload else None
        return read_answer(await self._send_with_retry(method, self.url.api(path), headers, body), type_)

    async def _send_with_retry(self, method: str, url: str, headers: dict[str, str], body: Body) -> Answer:
        """Tries again on faults up to `max_retries` times; waits that the server asked for count by time only."""
        faults, waited = 0, 0.0
        while True:
            await self._wait_for_permission()
            try:
                return await self._send_once(method, url, headers, body)
            except (errors.UnreachableError, errors.ServerFaultError) as fault:
                faults += 1
                delay = self._own_delay(faults, fault.retry_after)
                if faults > self._retries.max_retries or waited + delay > self._retries.max_waiting:
                    raise
                self.on_wait(delay, fault)
                await asyncio.sleep(delay)
            except errors.RateLimitedError as limited:
                delay = self._own_delay(0, limited.retry_after)
                if waited + delay > self._retries.max_waiting:
                    raise
                self._pause_all(delay, limited)
            waited += delay

    def _pause_all(self, delay: float, limited: errors.RateLimitedError) -> None:
        """Every request of this client waits: those in flight would be refused as well. Said once."""
        until = time.monotonic() + delay
        if until > self._pause.until + 1.0:
            self.on_wait(delay, limited)
        self._pause.until = max(self._pause.until, until)

    def _own_delay(self, attempt: int, retry_after: float | None) -> float:
        chance = random.random()  # noqa: S311 -- spreads clients over time, guards nothing
        return next_delay(attempt, chance, retry_after) * self._retries.scale

    async def _wait_for_permission(self) -> None:
        """Another request may have been told to wait while this one waited, hence the loop."""
        while (pause := self._pause.until - time.monotonic()) > 0:  # noqa: ASYNC110 -- a known time, not an event
            await asyncio.sleep(pause)

    async def _send_once(self, method: str, url: str, headers: dict[str, str], body: Body) -> Answer:
        """One request; an answer that asks for another try is raised, any other is returned."""
        assert self._session is not None, "use `async with`"
        # The server shows how far each client's clock is off.
        headers = {**headers, "Date": formatdate(usegmt=True)}
        stream = await body.open() if isinstance(body, StreamBody) else None
        try:
            async with (
                paced(self._read_timeout) as pace,
                self._session.request(
                    method,
                    URL(url, encoded=True),
                    headers=headers,
                    data=_Pieces(body, pace) if isinstance(body, bytes) else stream and pace.pieces(stream),
                    allow_redirects=False,
                    proxy=self._proxy(),
                ) as response,
            ):
                answer = await _read(method, url, response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreachable(self.url, error) from error
        if answer.status == 429 or answer.status >= 500:
            raise error_of(answer)
        return answer

    def _proxy(self) -> URL | None:
        """The proxy of the environment. Not aiohttp's `trust_env`, which lets `~/.netrc` replace the API key."""
        if self.url.is_loopback:
            return None
        try:
            return aiohttp.helpers.get_env_proxy_for_url(URL(self.url.base))[0]
        except LookupError:
            return None


class _Pieces(aiohttp.Payload):
    """A body of known length that is sent in pieces, and can be sent again."""

    _autoclose = True  # nothing is open

    def __init__(self, body: bytes, pace: Pace) -> None:
        super().__init__(body)
        self._body = body
        self._size = len(body)
        self._pace = pace

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._body.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        for start in range(0, len(self._body), PIECE):
            with self._pace.piece():
                await writer.write(self._body[start : start + PIECE])


def _tell_when_closed(response: aiohttp.ClientResponse) -> None:
    """Let the reading of an answer end with its connection.

    aiohttp 3.14 closes a connection that breaks just when the end of a request's body is sent, takes its read timeout
    away and does not tell who waits for the rest of the answer: they would wait for ever.
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


def _unreachable(url: ServerUrl, error: Exception) -> errors.UnreachableError:
    """Our words for what aiohttp reports, with the remedy where there is one."""
    host = URL(url.base).authority
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        hint = "check the server's certificate; a company's own authority is named with SSL_CERT_FILE"
        return errors.UnreachableError(f"no secure connection to {host}: {error}", hint=hint)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return errors.UnreachableError(f"the name {host} is not known here")
    if isinstance(error, aiohttp.ClientConnectorError):
        return errors.UnreachableError(f"no connection to {host}: {error.os_error.strerror or error.os_error}")
    if isinstance(error, TimeoutError):
        return errors.UnreachableError(f"{host} did not answer in time")
    return errors.UnreachableError(f"the connection to {host} broke off: {str(error) or type(error).__name__}")
