"""What `tgl status` does: both sides of each repository, side by side."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from tgl_client import errors
from tgl_client.cli.connect import reading_client
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.exit_codes import ExitCode, combined
from tgl_client.pushing.inspection import Inspection
from tgl_client.pushing.locate import path_of, target_of
from tgl_client.pushing.options import options_from
from tgl_client.pushing.run import DAMAGE_HINT
from tgl_client.pushing.same_target import refuse_mixed_targets
from tgl_client.report import damage_in_words
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source
from tgl_client.terminal.output import print_error, print_json, print_warning
from tgl_client.terminal.words import ago, counted, duration
from tgl_protocol.commits import RepoStatus

_SHORT = 12
_MOST_BRANCHES = 50


class RepoState(Struct, frozen=True, kw_only=True):
    """One repository in the JSON of `tgl status`; `inspection` is null where `error` says why."""

    name: str
    inspection: Inspection | None = None
    exit_code: ExitCode = ExitCode.DONE
    error: str | None = None
    hint: str | None = None


class StatusDocument(Struct, frozen=True):
    """The JSON of `tgl status`; fields are added, never renamed."""

    exit_code: ExitCode
    repositories: list[RepoState]


def show_status(flags: Flags, *, as_json: bool) -> ExitCode:
    """Print how every repository compares; one that fails does not hide the others."""
    settings = load(flags)
    states = run_command(_inspect_all(settings))
    document = StatusDocument(combined(each.exit_code for each in states), states)
    if as_json:
        print_json(document)
    for state in states:
        if state.inspection is not None and not as_json:
            print("\n".join(_describe(state.name, state.inspection, datetime.now(UTC))))
        if state.error:
            print_error(f"{state.name}: {state.error}", state.hint)
    return document.exit_code


async def _inspect_all(settings: Settings) -> list[RepoState]:
    try:
        await refuse_mixed_targets(settings.sources)
    except errors.ConfigError as mixed:
        print_warning(str(mixed), mixed.hint)
    async with reading_client(settings) as client:
        return [await _inspect(client, settings, source) for source in settings.sources]


async def _inspect(client: Client, settings: Settings, source: Source) -> RepoState:
    name = source.name
    try:
        target = await target_of(source)
        name = str(target)
        options = options_from(settings, source)
        path = await path_of(source, settings, target)
        inspection = await client.inspect(path, project=target.project, repo=target.repo, options=options)
    except errors.TglError as error:
        return RepoState(name=name, exit_code=error.exit_code, error=str(error), hint=error.hint)
    return RepoState(name=name, inspection=inspection)


def _describe(name: str, seen: Inspection, now: datetime) -> list[str]:
    """The lines about one repository: the server's side, then each branch, then what is to be done."""
    status = seen.status
    lines = [f"{name}: {status.status}, {counted(status.total_commits, 'commit')}"]
    lines += [f"  {each}" for each in (*_freshness(status, now), *_branches(seen))]
    lines.append(f"  {seen.to_push}")
    if seen.apart is not None:
        lines.append(f"  {seen.apart.error()}; a push asks whether to join them")
    if seen.held_back:
        lines.append(f"  {seen.held_back:,} skipped at the boundary of this shallow clone; `git fetch --unshallow`")
    return [*lines, *_left_out(seen)]


def _left_out(seen: Inspection) -> Iterator[str]:
    """What the last push left and the next one will: refused there, damaged here."""
    if seen.refusals is not None and seen.refusals.commits:
        refused = counted(len(seen.refusals.commits), "commit")
        yield f"  {refused} refused by the server on {seen.refusals.pushed_at:%Y-%m-%d %H:%M} UTC:"
        yield from (f"    {commit.sha[:_SHORT]} {commit.reason}" for commit in seen.refusals.commits)
    if seen.damaged:
        yield f"  {damage_in_words(len(seen.damaged), seen.unknown_below)}; {DAMAGE_HINT}:"
        yield from (f"    {commit.sha[:_SHORT]} {commit.reason}" for commit in seen.damaged)
    if seen.broken_branches:
        yield f"  {counted(len(seen.broken_branches), 'branch', 'branches')} broken; `git fsck` tells more:"
        yield from (f"    {reason}" for reason in seen.broken_branches)


def _freshness(status: RepoStatus, now: datetime) -> Iterator[str]:
    """How the latest pushes went: an error is still shown, with its time, after a push has succeeded again."""
    if status.last_attempt_at is None:
        yield "never pushed to"
    else:
        yield f"last success {ago(status.last_success_at, now)}, last attempt {ago(status.last_attempt_at, now)}"
    if cadence := _cadence(status):
        yield f"stale: a success is {cadence}" if status.stale else f"a success is {cadence}"
    elif status.stale:
        yield "stale"
    if status.error_message and status.error_message != status.last_error:
        yield f"server: {status.error_message}"
    if status.last_error:
        yield f"last error {ago(status.last_error_at, now)}: {status.last_error}"


def _cadence(status: RepoStatus) -> str:
    """The cadence that counts: what was set, else what the server has learned."""
    if status.expected_cadence_seconds is not None:
        return f"expected every {duration(status.expected_cadence_seconds)}"
    if status.learned_cadence_seconds is not None:
        return f"expected every {duration(status.learned_cadence_seconds)}, going by its past"
    return ""


def _branches(seen: Inspection) -> list[str]:
    """Local branches, each compared with what the server has recorded; those only the server knows are left out.

    Of many branches those are left out first that are the same there.
    """
    recorded = seen.status.refs
    refs = sorted(seen.tips)
    if len(refs) > _MOST_BRANCHES:
        refs = sorted(refs, key=lambda ref: recorded.get(ref) == seen.tips[ref])[:_MOST_BRANCHES]
    width = max((len(_short(ref)) for ref in refs), default=0)
    lines = [
        f"{_short(ref):<{width}}  {seen.tips[ref][:_SHORT]}  {_compare(seen.tips[ref], recorded.get(ref))}"
        for ref in refs
    ]
    if left := len(seen.tips) - len(refs):
        pushed = sum(recorded.get(ref) == sha for ref, sha in seen.tips.items())
        lines.append(f"and {counted(left, 'branch', 'branches')} more; {pushed:,} of all {len(seen.tips):,} are pushed")
    return lines


def _compare(local: str, recorded: str | None) -> str:
    if recorded is None:
        return "not recorded on the server"
    return "pushed" if recorded == local else f"the server has {recorded[:_SHORT]}"


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
