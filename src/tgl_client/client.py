"""The Python API: a client of one server, used by the command line as by anyone else.

    async with Client("https://league.example.com", key) as client:
        report = await client.push(".", project="core", repo="api")
        print(report.sent)

Every failure is a `TglError` (see `errors`) with a sentence, a hint and, once a push has begun, its `report`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from msgspec import Struct

from tgl_client import errors
from tgl_client.address import Target, parse_server_url
from tgl_client.api import READ_TIMEOUT, Api
from tgl_client.delay import RetryPolicy
from tgl_client.lock import locked
from tgl_client.progress import Progress
from tgl_client.push import Push, PushOptions
from tgl_client.refused import RefusalReport, recall, remember
from tgl_client.report import PushReport, PushState, end_state, failed_report, make_report
from tgl_protocol.commits import Capabilities, RepoStatus
from tgl_protocol.keys import ApiKey, MalformedApiKeyError, parse_api_key

T = TypeVar("T")


class Inspection(Struct, frozen=True, kw_only=True):
    """A repository on both sides: `pending` commits are here and not there; `refusals` is of the last push."""

    path: str
    tips: dict[str, str]
    status: RepoStatus
    pending: int
    held_back: int
    refusals: RefusalReport | None


class Client:
    """Talks to one server with one API key; open it with `async with`. Several pushes may share it at once."""

    def __init__(
        self, url: str, api_key: str, *, retries: RetryPolicy | None = None, read_timeout: float = READ_TIMEOUT
    ) -> None:
        """Checks address and key offline; raises `ConfigError` or `InsecureUrlError`."""
        self.api = Api(parse_server_url(url), _checked(api_key), retries=retries, read_timeout=read_timeout)

    async def __aenter__(self) -> Self:
        await self.api.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.api.__aexit__(kind, error, traceback)

    async def capabilities(self) -> Capabilities:
        """What the server offers."""
        return await self.api.capabilities()

    async def check_key(self) -> None:
        """Returns when the server accepts the key; raises `AuthenticationError` when not."""
        await self.api.check_key()

    async def status(self, project: str, repo: str) -> RepoStatus:
        """The sync state of a repository."""
        return await self.api.status(Target(project, repo))

    async def push(
        self,
        path: str | Path,
        *,
        project: str,
        repo: str,
        options: PushOptions | None = None,
        progress: Progress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 -- the documented total limit; asyncio.timeout does the work
    ) -> PushReport:
        """Send what the server lacks; returns also when single commits were refused: see `report.state`.

        Raises `TglError` for whatever stopped it, with `error.report` telling how far it came.
        """
        push = self._push(project, repo, options, progress)
        started = time.monotonic()
        try:
            with locked(Path(path), self.api.url, push.target):
                await within(timeout, push.run(Path(path)))
        except errors.TglError as error:
            report = make_report(
                str(path), project, repo, push.tally, PushState.FAILED, time.monotonic() - started, push.run_id
            )
            error.report = failed_report(report, error)
            raise
        state = end_state(push.tally)
        report = make_report(str(path), project, repo, push.tally, state, time.monotonic() - started, push.run_id)
        if push.tally.walked:
            remember(Path(path), str(self.api.url), str(push.target), report)
        return report

    async def plan(
        self, path: str | Path, *, project: str, repo: str, options: PushOptions | None = None
    ) -> PushReport:
        """What `push` would do, as a report whose `not_sent` commits would be sent."""
        push = self._push(project, repo, options, None)
        started = time.monotonic()
        await push.measure(Path(path))
        return make_report(str(path), project, repo, push.tally, PushState.PLANNED, time.monotonic() - started, None)

    async def preview(
        self, path: str | Path, *, project: str, repo: str, options: PushOptions | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Every commit that `push` would send, as the JSON that would travel; use it in `contextlib.aclosing`."""
        push = self._push(project, repo, options, None)
        async with aclosing(push.preview(Path(path))) as batches:
            async for batch in batches:
                for encoded in batch.encoded:
                    yield encoded

    async def inspect(
        self, path: str | Path, *, project: str, repo: str, options: PushOptions | None = None
    ) -> Inspection:
        """How the local repository and the server's compare."""
        push = self._push(project, repo, options, None)
        await push.measure(Path(path))
        assert push.status is not None
        return Inspection(
            path=str(path),
            tips=push.tips,
            status=push.status,
            pending=push.tally.not_sent,
            held_back=push.tally.held_back,
            refusals=recall(Path(path), str(self.api.url), str(push.target)),
        )

    def _push(self, project: str, repo: str, options: PushOptions | None, progress: Progress | None) -> Push:
        return Push(self.api, Target(project, repo), options or PushOptions(), progress or Progress())


def _checked(api_key: str) -> ApiKey:
    try:
        return parse_api_key(api_key.strip())
    except MalformedApiKeyError as error:
        raise errors.ConfigError(
            "this is not a TheGitLeague API key: it was cut off or mistyped",
            hint="copy the whole key; it starts with tgl_ and its last characters check the rest",
        ) from error


async def within(seconds: float | None, work: Coroutine[Any, Any, T]) -> T:
    """The work's result, or `TimeLimitError`; a time-out inside the work is not mistaken for ours."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise errors.TimeLimitError from None
