"""What `tgl push` does once its arguments are known: one repository after the other, and one answer for all."""

import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from tgl_client import config, errors
from tgl_client.address import Target
from tgl_client.cli.running import run_command
from tgl_client.client import Client, within
from tgl_client.config import Flags, Settings, Source
from tgl_client.display import choose_progress
from tgl_client.history_thread import opened
from tgl_client.output import print_json, print_push_problems, print_push_summary, push_document
from tgl_client.progress import Phase
from tgl_client.push import PushOptions
from tgl_client.report import PushReport, PushState, failed_report

# After these, the next repository would only fail in the same way, and more slowly.
_HOPELESS = (errors.UnreachableError, errors.AuthenticationError, errors.TimeLimitError)


class Wish(Struct, frozen=True, kw_only=True):
    """How to push and how to speak, beyond what the settings say."""

    since: str | None = None
    remotes: bool = False
    recheck: bool = False
    quiet: bool = False
    as_json: bool = False


def push(flags: Flags, wish: Wish) -> errors.ExitCode:
    """`tgl push`."""
    settings = config.load(flags)
    progress = choose_progress(quiet=wish.quiet)
    deadline = None if settings.timeout.value is None else time.monotonic() + settings.timeout.value

    def left() -> float | None:
        return None if deadline is None else max(0.0, deadline - time.monotonic())

    async def push_one(client: Client, source: Source) -> PushReport:
        target = await target_of(source)
        progress.begin(str(target))
        try:
            if source.mirrored is not None:
                progress.phase(Phase.FETCHING)
            return await client.push(
                await within(left(), path_of(source, settings, target)),
                project=target.project,
                repo=target.repo,
                options=push_options(settings, source, wish),
                progress=progress,
                timeout=left(),
            )
        finally:
            progress.end()

    return _for_each(settings, wish, push_one)


def plan(flags: Flags, wish: Wish) -> errors.ExitCode:
    """`tgl push --dry-run`."""
    settings = config.load(flags)

    async def plan_one(client: Client, source: Source) -> PushReport:
        target = await target_of(source)
        options = push_options(settings, source, wish)
        path = await path_of(source, settings, target)
        return await client.plan(path, project=target.project, repo=target.repo, options=options)

    return _for_each(settings, wish, plan_one)


def print_whole(flags: Flags, wish: Wish) -> errors.ExitCode:
    """`tgl push --dry-run --full`: the commits themselves on stdout, one JSON object a line."""
    settings = config.load(flags)

    async def print_all() -> None:
        async with Client(str(settings.server()), settings.key(), retries=settings.retries()) as client:
            for source in settings.sources:
                target = await target_of(source)
                options = push_options(settings, source, wish)
                path = await path_of(source, settings, target)
                previewed = client.preview(path, project=target.project, repo=target.repo, options=options)
                async with aclosing(previewed) as commits:
                    async for commit in commits:
                        sys.stdout.buffer.write(commit + b"\n")

    run_command(print_all())
    return errors.ExitCode.DONE


def _for_each(
    settings: Settings, wish: Wish, act: Callable[[Client, Source], Awaitable[PushReport]]
) -> errors.ExitCode:
    reports: list[PushReport] = []

    def tell(report: PushReport) -> None:
        reports.append(report)
        if not wish.as_json and not wish.quiet:
            print_push_summary(report)
        print_push_problems(report, quiet=wish.quiet)

    async def all_of_them() -> None:
        async with Client(str(settings.server()), settings.key(), retries=settings.retries()) as client:
            given_up: errors.TglError | None = None
            for source in settings.sources:
                if given_up is not None:
                    tell(_not_tried(source, given_up))
                    continue
                try:
                    tell(await act(client, source))
                except errors.TglError as error:
                    tell(error.report or _failed(source, error))
                    # A refused right concerns one repository, a refused key all of them.
                    hopeless = isinstance(error, _HOPELESS) and not isinstance(error, errors.NotAllowedError)
                    given_up = error if hopeless else None

    run_command(all_of_them())
    document = push_document(reports)
    if wish.as_json:
        print_json(document)
    return document.exit_code


async def target_of(source: Source) -> Target:
    """Where the repository goes; when nobody named it there, it is called what it is called here."""
    if source.repo or not source.project:
        return source.target()
    if source.mirrored is not None:
        from tgl_client.mirrors import remote_name  # noqa: PLC0415 -- few have mirrors

        return source.target(remote_name(str(source.mirrored.git_url)))
    async with opened(source.path or Path()) as (repository, thread):
        return source.target(await thread.call(lambda: repository.name))


async def path_of(source: Source, settings: Settings, target: Target) -> Path:
    """The folder to read; a repository that is not cloned here is fetched into its mirror first."""
    if source.mirrored is None:
        return source.path or Path()
    from tgl_client.mirrors import fetched  # noqa: PLC0415 -- few have mirrors

    return await fetched(source.mirrored, settings.server(), target, os.environ)


def push_options(settings: Settings, source: Source, wish: Wish) -> PushOptions:
    """The library's options from ours."""
    from tgl_client.history import Engine  # noqa: PLC0415 -- loading libgit2 overlaps with what came before

    try:
        engine = Engine(settings.engine.value) if settings.engine.value else None
    except ValueError:
        raise errors.ConfigError(
            f"there is no engine {settings.engine.value!r} ({settings.engine.origin})", hint="it is git or pygit2"
        ) from None
    return PushOptions(
        branches=source.branches,
        remotes=wish.remotes,
        since=parse_since(wish.since) if wish.since else None,
        recheck=wish.recheck,
        batch_size=settings.batch_size.value,
        jobs=settings.jobs.value,
        engine=engine,
    )


def parse_since(text: str) -> datetime:
    """A day or a moment; without a zone it is UTC, as everywhere."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise errors.UsageError(
            f"--since {text!r} is not a date", hint="write it as 2026-01-31 or 2026-01-31T12:00+01:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _failed(source: Source, error: errors.TglError) -> PushReport:
    """A failure before the push had begun."""
    bare = PushReport(path=source.name, project=source.project, repo=source.repo, state=PushState.FAILED)
    return failed_report(bare, error)


def _not_tried(source: Source, reason: errors.TglError) -> PushReport:
    skipped = errors.IncompletePushError(f"{source.name} was not tried after this failure")
    skipped.exit_code = reason.exit_code
    return _failed(source, skipped)
