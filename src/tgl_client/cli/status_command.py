"""What `tgl status` does: both sides of each repository, side by side."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from tgl_client import config, errors
from tgl_client.cli.push_command import Wish, path_of, push_options, target_of
from tgl_client.cli.running import run_command
from tgl_client.client import Client, Inspection
from tgl_client.config import Flags, Settings, Source
from tgl_client.output import print_error, print_json
from tgl_client.words import counted, duration
from tgl_protocol.commits import RepoStatus

_SHORT = 12


class RepoState(Struct, frozen=True, kw_only=True):
    """One repository in the JSON of `tgl status`; `inspection` is null where `error` says why."""

    name: str
    inspection: Inspection | None = None
    exit_code: errors.ExitCode = errors.ExitCode.DONE
    error: str | None = None
    hint: str | None = None


class StatusDocument(Struct, frozen=True):
    """The JSON of `tgl status`; fields are added, never renamed."""

    exit_code: errors.ExitCode
    repositories: list[RepoState]


def show_status(flags: Flags, *, as_json: bool) -> errors.ExitCode:
    """Inspect every repository; one that fails does not hide the others."""
    settings = config.load(flags)
    states = run_command(_inspect_all(settings))
    document = StatusDocument(errors.worst([each.exit_code for each in states]), states)
    if as_json:
        print_json(document)
    for state in states:
        if state.inspection is not None and not as_json:
            print("\n".join(describe(state.name, state.inspection, datetime.now(UTC))))
        if state.error:
            print_error(f"{state.name}: {state.error}", state.hint)
    return document.exit_code


async def _inspect_all(settings: Settings) -> list[RepoState]:
    async with Client(str(settings.server()), settings.key(), retries=settings.retries()) as client:
        return [await _inspect(client, settings, source) for source in settings.sources]


async def _inspect(client: Client, settings: Settings, source: Source) -> RepoState:
    name = source.name
    try:
        target = await target_of(source)
        name = str(target)
        options = push_options(settings, source, Wish())
        path = await path_of(source, settings, target)
        inspection = await client.inspect(path, project=target.project, repo=target.repo, options=options)
    except errors.TglError as error:
        return RepoState(name=name, exit_code=error.exit_code, error=str(error), hint=error.hint)
    return RepoState(name=name, inspection=inspection)


def describe(name: str, seen: Inspection, now: datetime) -> list[str]:
    """The lines about one repository: the server's side, then each branch, then what is to be done."""
    status = seen.status
    lines = [f"{name}: {status.status}, {counted(status.total_commits, 'commit')}"]
    lines += [f"  {each}" for each in (*_freshness(status, now), *_branches(seen))]
    lines.append(f"  {counted(seen.pending, 'commit')} to push" if seen.pending else "  nothing to push")
    if seen.held_back:
        lines.append(f"  {seen.held_back:,} held back at the edge of this shallow clone; `git fetch --unshallow`")
    if seen.refusals is not None:
        refused = counted(len(seen.refusals.commits), "commit")
        lines.append(f"  {refused} refused on {seen.refusals.pushed_at:%Y-%m-%d %H:%M} UTC:")
        lines += [f"    {commit.sha[:_SHORT]} {commit.reason}" for commit in seen.refusals.commits]
    return lines


def _freshness(status: RepoStatus, now: datetime) -> Iterator[str]:
    """How the pushes went: an error stays here, with its time, after a push has succeeded again."""
    if status.last_attempt_at is None:
        yield "never pushed to"
    else:
        yield f"last success {_ago(status.last_success_at, now)}, last attempt {_ago(status.last_attempt_at, now)}"
    if cadence := _cadence(status):
        yield f"stale: a success is {cadence}" if status.stale else f"a success is {cadence}"
    elif status.stale:
        yield "stale"
    if status.error_message and status.error_message != status.last_error:
        yield f"server: {status.error_message}"
    if status.last_error:
        yield f"last error {_ago(status.last_error_at, now)}: {status.last_error}"


def _cadence(status: RepoStatus) -> str:
    """The one that counts: what was set, else what the server has learned."""
    if status.expected_cadence_seconds is not None:
        return f"expected every {duration(status.expected_cadence_seconds)}"
    if status.learned_cadence_seconds is not None:
        return f"expected every {duration(status.learned_cadence_seconds)}, going by its past"
    return ""


def _branches(seen: Inspection) -> list[str]:
    """Local branches; those that only the server knows were pushed from elsewhere, or are gone here."""
    width = max((len(_short(ref)) for ref in seen.tips), default=0)
    return [
        f"{_short(ref):<{width}}  {sha[:_SHORT]}  {_compare(sha, seen.status.refs.get(ref))}"
        for ref, sha in sorted(seen.tips.items())
    ]


def _compare(local: str, recorded: str | None) -> str:
    if recorded is None:
        return "not recorded on the server"
    return "pushed" if recorded == local else f"the server has {recorded[:_SHORT]}"


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")


def _ago(then: datetime | None, now: datetime) -> str:
    return "never" if then is None else f"{duration((now - then).total_seconds())} ago"
