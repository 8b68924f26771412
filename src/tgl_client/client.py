"""The Python API: a client of one server, used by the command line as by anyone else.

    async with Client("https://league.example.com", key) as client:
        report = await client.push(".", project="core", repo="api")
        print(report.sent)

Every failure is a `TglError` (see `errors`) with a sentence, a hint and, once a push has begun, its `report`.
"""

import asyncio
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tgl_client import errors
from tgl_client.address import Target, parse_server_url
from tgl_client.api import READ_TIMEOUT, Api
from tgl_client.delay import RetryPolicy
from tgl_client.lock import locked
from tgl_client.progress import Progress
from tgl_client.push import Push, PushOptions
from tgl_client.report import PushReport, PushState
from tgl_protocol.commits import Capabilities, RepoStatus
from tgl_protocol.keys import MalformedApiKeyError, parse_api_key


class Client:
    """Talks to one server with one API key; open it with `async with`."""

    def __init__(
        self, url: str, api_key: str, *, retries: RetryPolicy | None = None, read_timeout: float = READ_TIMEOUT
    ) -> None:
        """Checks address and key offline; raises `ConfigError` or `InsecureUrlError`."""
        try:
            key = parse_api_key(api_key.strip())
        except MalformedApiKeyError as error:
            raise errors.ConfigError(
                "this is not a TheGitLeague API key",
                hint="copy the whole key; it starts with tgl_ and ends in a checksum",
            ) from error
        self.api = Api(parse_server_url(url), key, retries=retries, read_timeout=read_timeout)

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
        progress = progress or Progress()
        push = Push(self.api, Target(project, repo), options or PushOptions(), progress)
        self.api.on_wait = lambda seconds, reason: progress.waiting(seconds, str(reason))
        started = time.monotonic()
        try:
            with locked(Path(path), self.api.url, push.target):
                async with asyncio.timeout(timeout) as limit:
                    await push.run(Path(path))
        except errors.TglError as error:
            error.report = _report(push, path, time.monotonic() - started, error)
            raise
        except TimeoutError:
            if not limit.expired():
                raise
            late = errors.TimeLimitError(f"the time limit of {timeout:g} s was over before everything was pushed")
            late.report = _report(push, path, time.monotonic() - started, late)
            raise late from None
        return _report(push, path, time.monotonic() - started, None)


def _report(push: Push, path: str | Path, seconds: float, error: errors.TglError | None) -> PushReport:
    tally = push.tally
    state = _state(push, error)
    incomplete = errors.ExitCode.NOT_PUSHED if state is PushState.INCOMPLETE else errors.ExitCode.DONE
    return PushReport(
        path=str(path),
        project=push.target.project,
        repo=push.target.repo,
        state=state,
        walked=tally.walked,
        already_there=tally.already_there,
        sent=tally.sent,
        refused=len(tally.refused),
        held_back=tally.held_back,
        not_sent=tally.not_sent,
        refs_recorded=tally.refs_recorded,
        seconds=round(seconds, 3),
        run_id=push.run_id if tally.sent or tally.refused else None,
        exit_code=error.exit_code if error else incomplete,
        error=str(error) if error else None,
        hint=error.hint if error else None,
        refused_commits=tally.refused,
    )


def _state(push: Push, error: errors.TglError | None) -> PushState:
    tally = push.tally
    if isinstance(error, errors.AlreadyRunningError):
        return PushState.BUSY
    if error is not None:
        return PushState.FAILED
    nothing_but_held_back = tally.held_back and tally.held_back == tally.walked
    if tally.refused or nothing_but_held_back:
        return PushState.INCOMPLETE
    return PushState.PUSHED if tally.sent else PushState.NOTHING_NEW
