"""The Python API: a client of one server, used by the command line as by anyone else.

    async with Client("https://league.example.com", key) as client:
        report = await client.push(".", project="core", repo="api")
        print(report.sent)

Every failure is a `TglError` (see `errors`) with a sentence, a hint and, once a push has begun, its `report`;
what the operating system refuses is one as well.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from msgspec.structs import replace

from tgl_client import errors
from tgl_client.exit_codes import ExitCode
from tgl_client.http.address import Target, parse_server_url
from tgl_client.http.api import READ_TIMEOUT, Api
from tgl_client.http.batch import Batch, Batches
from tgl_client.http.connection import OnWait
from tgl_client.http.retry import RetryPolicy
from tgl_client.pushing.explained import explained
from tgl_client.pushing.inspection import Inspection
from tgl_client.pushing.lock import locked
from tgl_client.pushing.options import PushOptions
from tgl_client.pushing.refusals import recall, remember
from tgl_client.pushing.run import DAMAGE_HINT, Push
from tgl_client.pushing.tally import failed_report
from tgl_client.report import PushReport, PushState, damage_in_words
from tgl_client.settings.files import refusal, system_errors
from tgl_client.terminal.progress import Progress
from tgl_protocol.commits import Capabilities, RepoStatus
from tgl_protocol.explain import Explanation
from tgl_protocol.keys import ApiKey, MalformedApiKeyError, parse_api_key
from tgl_protocol.projects import ProjectInfo, RepoInfo

T = TypeVar("T")

#: Commits that an inspection reads to see whether a push could: a second or less, and more than most have pending.
TRIED: Final = 2000

_STATE_HINT = "make the folder writable, or name another with TGL_HOME"


class Client:
    """Talks to one server with one API key; open it with `async with`. Several pushes may share it at once."""

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        key_origin: str | None = None,
        retries: RetryPolicy | None = None,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """Checks address and key offline; raises `ConfigError` or `InsecureUrlError`.

        `key_origin` is told with a key that the server refuses.
        """
        self.api = Api(
            parse_server_url(url), _checked(api_key), key_origin=key_origin, retries=retries, read_timeout=read_timeout
        )

        #: What the server offers, as the last push has learned; nothing before.
        self.features: frozenset[str] = frozenset()

    def heard_by(self, on_wait: OnWait) -> None:
        """Call `on_wait` with the seconds and the reason before each wait; a push tells its `Progress` instead."""
        self.api = self.api.heard_by(on_wait)

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

    async def projects(self) -> list[ProjectInfo]:
        """The projects that the key sees, by slug."""
        return await self.api.projects()

    async def repos(self, project: str) -> list[RepoInfo]:
        """The repositories of a project that the key sees, by name."""
        async with explained(self.api, project):
            return await self.api.repos(project)

    async def check_push(self, project: str, repo: str) -> None:
        """Return when the key may push there, whether or not there is anything to push; raises `AnswerError`."""
        async with explained(self.api, project, repo):
            await self.api.missing(Target(project, repo), [])

    async def explain(self, project: str, repo: str, sha: str) -> Explanation:
        """Where a commit is, or why it may not be in the repository; raises `UsageError` if the server is too old."""
        target = Target(project, repo)
        async with explained(self.api, project, repo):
            try:
                return await self.api.explain(target, sha)
            except errors.UnknownTargetError:
                await self.api.status(target, 1)  # it is there, so what is unknown is the question
        raise errors.UsageError(
            "this server explains no commits yet", hint="ask for a newer one; `tgl status` compares"
        )

    async def status(self, project: str, repo: str) -> RepoStatus:
        """The sync state of a repository."""
        async with explained(self.api, project, repo):
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
        """Send what is missing on the server; returns also when single commits were refused: see `report.state`.

        Raises `TglError` for whatever stopped it, with `error.report` telling how far it came.
        """
        push = self._push(path, project, repo, options, progress)

        def warn(error: OSError) -> None:
            push.progress.warning(f"there is no lock against a second push at once: {refusal(error)}", _STATE_HINT)

        try:
            with system_errors(), locked(push.path, self.api.url, push.target, warn):
                await within(timeout, push.run())
        except errors.TglError as stopped:
            trouble = self.api.trouble if isinstance(stopped, errors.TimeLimitError) else None
            error = stopped if trouble is None else errors.TimeLimitError.caused_by(trouble)
            await push.settle()
            if push.tally.sent and isinstance(error, errors.NetworkError | errors.TimeLimitError):
                error.hint = f"{error.hint or 'run it again'}: it continues where it stopped"
            error.report = failed_report(push.report(PushState.FAILED), error)
            raise error from stopped.__cause__
        except asyncio.CancelledError:
            await push.settle()
            push.progress.stopped(push.report(PushState.FAILED))
            raise
        self.features = push.features
        report = push.report(push.tally.end_state)
        if push.tally.walked:
            self._remember(push, report)
        return report

    def _remember(self, push: Push, report: PushReport) -> None:
        """Keep what was refused for `status`; a state folder that cannot be written costs no more than that."""
        try:
            remember(push.path, str(self.api.url), str(push.target), report)
        except OSError as error:
            push.progress.warning(f"what was refused is not kept for `tgl status`: {refusal(error)}", _STATE_HINT)

    async def plan(
        self,
        path: str | Path,
        *,
        project: str,
        repo: str,
        options: PushOptions | None = None,
        progress: Progress | None = None,
    ) -> PushReport:
        """What `push` would do, as a report whose `not_sent` commits would be sent; `error` says what it would say.

        Reads everything that a push reads, so that what is damaged is found as well.
        """
        push = self._push(path, project, repo, options, progress)
        with system_errors():
            await push.measure()
        push.refuse_foreign()
        report = push.report(PushState.PLANNED)
        exit_code = ExitCode.NOT_PUSHED if push.tally.unreadable else ExitCode.DONE
        try:
            push.tell_damage()
        except errors.IncompletePushError as error:
            return replace(report, exit_code=error.exit_code, error=str(error), hint=error.hint)
        return replace(report, exit_code=exit_code)

    async def preview(
        self, path: str | Path, *, project: str, repo: str, options: PushOptions | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Every commit that `push` would send, as the JSON that would travel; use it in `contextlib.aclosing`.

        Raises `IncompletePushError` at the end where damage keeps something back.
        """
        push = self._push(path, project, repo, options)
        async with aclosing(push.preview()) as batches:
            while (batch := await _next(batches)) is not None:
                for encoded in batch.encoded:
                    yield encoded
        push.tell_damage()
        if push.tally.damaged:
            first = push.tally.damaged[0]
            words = damage_in_words(len(push.tally.damaged), push.tally.unknown_below)
            raise errors.IncompletePushError(
                f"left out: {words}, such as {first.sha}: {first.reason}", hint=DAMAGE_HINT
            )

    async def inspect(
        self, path: str | Path, *, project: str, repo: str, options: PushOptions | None = None
    ) -> Inspection:
        """How the local repository and the server's compare."""
        push = self._push(path, project, repo, options)
        refusals = recall(push.path, str(self.api.url), str(push.target))
        suspects = [each.sha for each in refusals.damaged] if refusals is not None else []
        with system_errors():
            await push.measure(first=suspects, most=TRIED)
        assert push.status is not None
        return Inspection(
            path=str(path),
            tips=push.tips,
            status=push.status,
            pending=push.tally.not_sent,
            held_back=push.tally.skipped_at_boundary,
            damaged=push.tally.damaged,
            broken_branches=sorted(push.tally.broken_branches.values()),
            refusals=refusals,
            apart=push.apart,
            is_all_held_back=push.tally.is_all_at_boundary,
            unknown_below=push.tally.unknown_below,
            branches_left_out=push.tally.branches_left_out,
            unmatched=push.tally.unmatched,
        )

    def _push(
        self,
        path: str | Path,
        project: str,
        repo: str,
        options: PushOptions | None,
        progress: Progress | None = None,
    ) -> Push:
        return Push(self.api, Path(path), Target(project, repo), options or PushOptions(), progress)


async def _next(batches: Batches) -> Batch | None:
    with system_errors():
        return await anext(batches, None)


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
