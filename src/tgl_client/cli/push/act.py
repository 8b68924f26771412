"""What `tgl push` does once its arguments are known: one repository after the other, and one answer for all."""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tgl_client import errors
from tgl_client.cli.connect import client_for
from tgl_client.cli.push.joining import push_or_ask, somebody_answers
from tgl_client.cli.push.today import tell_today
from tgl_client.cli.running import run_command
from tgl_client.cli.update import tell_update
from tgl_client.client import Client, within
from tgl_client.exit_codes import ExitCode, combined
from tgl_client.http.address import Target
from tgl_client.pushing.locate import path_of, target_of
from tgl_client.pushing.options import PushOptions, options_from, parse_since
from tgl_client.pushing.same_target import refuse_mixed_targets
from tgl_client.pushing.tally import failed_report
from tgl_client.report import PushReport, PushState
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source
from tgl_client.terminal.display import QuietProgress, choose_progress
from tgl_client.terminal.output import print_json, print_push_problems, print_push_summary, push_document
from tgl_client.terminal.progress import Phase
from tgl_protocol.visible import visible

# After these errors the next repository would only fail in the same way, and more slowly.
_HOPELESS = (errors.UnreachableError, errors.AuthenticationError, errors.TimeLimitError)


class Choices(Struct, frozen=True, kw_only=True):
    """The options of a push that no setting names: what to send, and how much to print."""

    since: str | None = None
    remotes: bool = False
    recheck: bool = False
    join_history: bool = False
    quiet: bool = False
    as_json: bool = False


def push(flags: Flags, choices: Choices) -> ExitCode:
    """Push every repository, and print how each push went."""
    settings = load(flags)
    progress = choose_progress(quiet=choices.quiet, named=_is_named(settings, choices))
    may_ask = somebody_answers() and not choices.quiet and not choices.as_json
    deadline = None if settings.timeout.value is None else time.monotonic() + settings.timeout.value

    def left() -> float | None:
        return None if deadline is None else max(0.0, deadline - time.monotonic())

    async def push_one(client: Client, source: Source) -> PushReport:
        target = await target_of(source)
        progress.begin(str(target))
        try:
            if source.mirrored is not None:
                progress.phase(Phase.FETCHING)
            path = await _path_within(left(), source, settings, target)
            options = _options(settings, source, choices)

            def send(joins: bool) -> Awaitable[PushReport]:
                return client.push(
                    path,
                    project=target.project,
                    repo=target.repo,
                    options=replace(options, join_history=joins or options.join_history),
                    progress=progress,
                    timeout=left(),
                )

            return await push_or_ask(send, progress.end, may_ask=may_ask)
        finally:
            progress.end()

    return _for_each(settings, choices, progress, push_one)


async def _path_within(seconds: float | None, source: Source, settings: Settings, target: Target) -> Path:
    """The folder to read; a time limit that was spent on a remote is told as the remote's failure."""
    try:
        return await within(seconds, path_of(source, settings, target))
    except errors.TimeLimitError as late:
        if source.mirrored is None or not seconds:
            raise
        slow = errors.RemoteUnreachableError(
            f"fetching {source.name} had not ended", hint="check the network, and `git ls-remote` by hand"
        )
        raise errors.TimeLimitError.caused_by(slow) from late


def plan(flags: Flags, choices: Choices) -> ExitCode:
    """Print what a push of every repository would send: `--dry-run`."""
    settings = load(flags)
    progress = choose_progress(quiet=choices.quiet, named=_is_named(settings, choices))

    async def plan_one(client: Client, source: Source) -> PushReport:
        target = await target_of(source)
        progress.begin(str(target))
        try:
            options = _options(settings, source, choices)
            path = await path_of(source, settings, target)
            return await client.plan(path, project=target.project, repo=target.repo, options=options, progress=progress)
        finally:
            progress.end()

    return _for_each(settings, choices, progress, plan_one)


def print_whole(flags: Flags, choices: Choices) -> ExitCode:
    """Print the commits that would be sent, one JSON object a line: `--dry-run --full`."""
    settings = load(flags)

    codes: list[ExitCode] = []

    async def print_all() -> None:
        await _check_targets(settings, choices)
        async with client_for(settings) as client:
            for source in settings.sources:
                try:
                    await _print_commits(client, settings, source, choices)
                except errors.TglError as error:
                    codes.append(error.exit_code)
                    print_push_problems(_failed(source, error), quiet=False, named=_is_named(settings, choices))

    run_command(print_all())
    return combined(codes)


async def _print_commits(client: Client, settings: Settings, source: Source, choices: Choices) -> None:
    target = await target_of(source)
    options = _options(settings, source, choices)
    path = await path_of(source, settings, target)
    previewed = client.preview(path, project=target.project, repo=target.repo, options=options)
    async with aclosing(previewed) as commits:
        async for commit in commits:
            sys.stdout.buffer.write(visible(commit.decode()).encode() + b"\n")


def _for_each(
    settings: Settings,
    choices: Choices,
    progress: QuietProgress,
    act: Callable[[Client, Source], Awaitable[PushReport]],
) -> ExitCode:
    """Call `act` for every repository, print each report at once, and return one exit code for all."""
    reports: list[PushReport] = []

    def tell(report: PushReport) -> None:
        reports.append(report)
        if not choices.as_json and not choices.quiet:
            print_push_summary(report)
        print_push_problems(report, quiet=choices.quiet, named=_is_named(settings, choices))

    try:
        run_command(_report_each(settings, choices, act, tell))
    except errors.InterruptedPushError as ended:
        for report in _unfinished(settings.sources[len(reports) :], progress.cancelled, ended):
            tell(report)
    finally:
        progress.end()  # a second Ctrl-C does not wait for the push to do it
    if not choices.quiet and not choices.as_json:
        tell_update(progress.server_version, settings.update_notice.value)
    document = push_document(reports)
    if choices.as_json:
        print_json(document)
    return document.exit_code


async def _report_each(
    settings: Settings,
    choices: Choices,
    act: Callable[[Client, Source], Awaitable[PushReport]],
    tell: Callable[[PushReport], None],
) -> None:
    """Report each repository; one that fails does not stop the others, unless they could only fail in the same way."""
    await _check_targets(settings, choices)
    async with client_for(settings) as client:
        given_up: errors.TglError | None = None
        for source in settings.sources:
            if given_up is not None:
                tell(_not_tried(source, given_up))
                continue
            try:
                report = await act(client, source)
                tell(report)
                if not choices.quiet and not choices.as_json:
                    await tell_today(client, report)
            except errors.TglError as error:
                tell(error.report or _failed(source, error))
                # A refused right concerns one repository, a refused key all of them.
                hopeless = isinstance(error, _HOPELESS) and not isinstance(error, errors.NotAllowedError)
                given_up = error if hopeless else None


async def _check_targets(settings: Settings, choices: Choices) -> None:
    if not choices.join_history:
        await refuse_mixed_targets(settings.sources)


def _is_named(settings: Settings, choices: Choices) -> bool:
    """True where a problem by itself would not say which repository it is about."""
    return choices.quiet or choices.as_json or len(settings.sources) > 1


def _options(settings: Settings, source: Source, choices: Choices) -> PushOptions:
    since = parse_since(choices.since) if choices.since else None
    return options_from(
        settings,
        source,
        remotes=choices.remotes,
        since=since,
        recheck=choices.recheck,
        join_history=choices.join_history,
    )


def _failed(source: Source, error: errors.TglError) -> PushReport:
    """The report of a failure before the push had begun."""
    bare = PushReport(path=source.name, project=source.project, repo=source.repo, state=PushState.FAILED)
    return failed_report(bare, error)


def _unfinished(
    sources: Sequence[Source], cancelled: PushReport | None, ended: errors.InterruptedPushError
) -> list[PushReport]:
    """The reports of the repository at which a signal ended the run, and of those after it."""
    first = cancelled or (_failed(sources[0], ended) if sources else None)
    if first is None:
        return []
    stored = first.sent > 0
    told = type(ended)(
        f"{ended}; what was stored stays" if stored else f"{ended}; the server has confirmed nothing",
        hint="run it again: it continues where it stopped" if stored else "run it again: it sends what is missing",
    )
    return [failed_report(first, told), *(_not_tried(source, told) for source in sources[1:])]


def _not_tried(source: Source, reason: errors.TglError) -> PushReport:
    skipped = errors.IncompletePushError(f"{source.name} was not tried after this failure")
    skipped.exit_code = reason.exit_code
    return _failed(source, skipped)
