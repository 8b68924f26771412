"""What `tgl` prints: results on stdout, everything else on stderr."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from tgl_client.errors import TglError
from tgl_client.exit_codes import ExitCode, combined
from tgl_client.report import PushReport, PushState, damage_in_words
from tgl_client.terminal.colour import coloured
from tgl_client.terminal.words import counted, moment

_SHOWN_REFUSALS = 10
_PATTERN = frozenset("*?[")


class PushDocument(msgspec.Struct, frozen=True):
    """The JSON of `tgl push --json`; fields are added, never renamed."""

    exit_code: ExitCode
    repositories: list[PushReport]


class Failure(msgspec.Struct, frozen=True):
    """Why a command did nothing: `code` is the server's where it refused, else the kind of failure."""

    code: str
    message: str
    hint: str | None


class FailureDocument(msgspec.Struct, frozen=True):
    """The JSON of any command that could not begin, or that had nothing to show when it failed."""

    exit_code: ExitCode
    error: Failure


def failure_document(error: TglError) -> FailureDocument:
    """The document for an error that ended the command."""
    return FailureDocument(error.exit_code, Failure(error.word, str(error), error.hint))


def push_document(reports: Sequence[PushReport]) -> PushDocument:
    """The reports of all repositories, with one exit code for them."""
    return PushDocument(combined(each.exit_code for each in reports), list(reports))


def note(text: str) -> None:
    """Print a line about what is going on; where nobody can read it, the work goes on all the same.

    Text and line end are one write: threads print too, and a line must not begin in the middle of another.
    """
    with suppress(OSError, ValueError):
        print(f"{text}\n", end="", file=sys.stderr, flush=True)


def print_warning(message: str, hint: str | None) -> None:
    """Print what may have gone another way than the user thinks."""
    note(f"{coloured('warning:', 'yellow')} {message}")
    _print_hint(hint)


def print_error(message: str, hint: str | None) -> None:
    """Print what happened, then what to do."""
    note(f"{coloured('error:', 'red')} {message}")
    _print_hint(hint)


def _print_hint(hint: str | None) -> None:
    if hint:
        note(f"{coloured('hint:', 'cyan')} {hint}")


def print_problem(error: TglError) -> None:
    """Print an error: its sentence and its hint."""
    print_error(str(error), error.hint)


def print_json(document: object) -> None:
    """Print a document as JSON, indented, as people look at it as well."""
    print(msgspec.json.format(json_bytes(document), indent=2).decode())


def json_bytes(document: object) -> bytes:
    """A document as JSON, which is UTF-8: what a path has of other bytes is shown as `\\xff`."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return msgspec.json.encode(_readable(msgspec.to_builtins(document)))


def _readable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {_readable(name): _readable(each) for name, each in value.items()}
    return [_readable(each) for each in value] if isinstance(value, list) else value


def print_push_summary(report: PushReport) -> None:
    """Print the line that a push ends with; a failure has its own words on stderr."""
    if report.state is not PushState.BUSY and (report.walked or report.error is None):
        print(summary(report), flush=True)


def print_push_problems(report: PushReport, *, quiet: bool, named: bool = False) -> None:
    """Print what was not pushed, and why; a cron job that found another push at work stays silent.

    `named` says which repository each line is about, where the reader could not know.
    """
    whose = f"{report.name}: " if named else ""
    for message, hint in _doubts(report, quiet=quiet):
        print_warning(f"{whose}{message}", hint)
    for word, commits in (("refused", report.refused_commits), ("damaged", report.damaged_commits)):
        for commit in commits[:_SHOWN_REFUSALS]:
            note(f"{word}: {whose}{commit.sha[:12]} {commit.reason}")
        if len(commits) > _SHOWN_REFUSALS:
            note(f"{word}: {whose}{len(commits) - _SHOWN_REFUSALS} more; `tgl status` lists them")
    if report.error and not (quiet and report.state is PushState.BUSY):
        print_error(f"{whose}{report.error}", report.hint)


def _doubts(report: PushReport, *, quiet: bool) -> Iterator[tuple[str, str | None]]:
    """What a push that failed at nothing leaves to wonder about.

    A pattern such as `release/*` may wait for its first branch, and a cron job need not say so each night.
    """
    if report.nothing_looked_at is not None:
        hint = "see --branch, or `branches` in the repos.yaml" if report.branches_left_out else None
        yield report.nothing_looked_at, hint
    unmatched = [each for each in report.unmatched if not quiet or not _PATTERN & set(each)]
    if unmatched and report.error is None:
        yield f"no branch matches {', '.join(unmatched)}; the others are looked at", None


def summary(report: PushReport) -> str:
    """The report in one line whose numbers add up."""
    if report.nothing_looked_at is not None:
        return f"{report.name}: nothing to push: {report.nothing_looked_at}"
    if report.since is not None and report.older and not report.walked:
        return f"{report.name}: no commit since {moment(report.since)} ({report.older:,} older left out)"
    if report.state is PushState.PLANNED:
        words = f"{report.name}: {counted(report.not_sent, 'commit')} would be sent"
        return f"{words}; {damage_in_words(report.damaged, report.unknown_below)}" if report.damaged else words
    if not report.walked:
        return f"{report.name}: nothing new"
    lost = f" (what is below {report.unknown_below:,} of them cannot be counted)" if report.unknown_below else ""
    parts = [
        (report.already_there, "already there"),
        (report.sent, "sent"),
        (report.refused, "refused"),
        (report.damaged, f"damaged here{lost}"),
        (report.held_back, "skipped at the shallow boundary"),
        (report.not_sent, "not sent" if report.run_id is None else "not sent or not confirmed"),
        (report.older, f"older than {moment(report.since)} and left out" if report.since else ""),
    ]
    shown = ", ".join(f"{count:,} {word}" for count, word in parts if count) or "0 sent"
    line = f"{report.name}: {counted(report.walked, 'commit')} walked: {shown}, in {report.seconds:.1f} s"
    return f"{line} ({report.sent / report.seconds:,.0f}/s)" if report.sent and report.seconds >= 1 else line
