"""What `tgl` prints: results on stdout, everything else on stderr."""

import sys
from collections.abc import Sequence

import msgspec

from tgl_client.errors import ExitCode, TglError, worst
from tgl_client.report import PushReport, PushState
from tgl_client.words import counted

_SHOWN_REFUSALS = 10


class PushDocument(msgspec.Struct, frozen=True):
    """The JSON of `tgl push --json`; fields are added, never renamed."""

    exit_code: ExitCode
    repositories: list[PushReport]


def push_document(reports: Sequence[PushReport]) -> PushDocument:
    """All repositories, and one exit code for them."""
    return PushDocument(worst([each.exit_code for each in reports]), list(reports))


def note(text: str) -> None:
    """A line about what is going on."""
    print(text, file=sys.stderr, flush=True)


def print_warning(message: str, hint: str | None) -> None:
    """Something that went another way than the user may think."""
    note(f"warning: {message}")
    if hint:
        note(f"hint: {hint}")


def print_error(message: str, hint: str | None) -> None:
    """What happened, then what to do."""
    note(f"error: {message}")
    if hint:
        note(f"hint: {hint}")


def print_problem(error: TglError) -> None:
    """The same, from an error."""
    print_error(str(error), error.hint)


def print_json(document: object) -> None:
    """Indented, as people look at it as well."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def print_push_summary(report: PushReport) -> None:
    """The line that a push ends with; a failure has its own words on stderr."""
    if report.state is not PushState.BUSY and (report.walked or report.error is None):
        print(summary(report), flush=True)


def print_push_problems(report: PushReport, *, quiet: bool) -> None:
    """What did not go through; a cron job that found another push at work stays silent."""
    for refused in report.refused_commits[:_SHOWN_REFUSALS]:
        note(f"refused: {refused.sha[:12]} {refused.reason}")
    if report.refused > _SHOWN_REFUSALS:
        note(f"refused: {report.refused - _SHOWN_REFUSALS} more; `tgl status` lists them")
    if report.error and not (quiet and report.state is PushState.BUSY):
        print_error(report.error, report.hint)


def summary(report: PushReport) -> str:
    """One line whose numbers add up."""
    if report.state is PushState.PLANNED:
        return f"{report.name}: {counted(report.not_sent, 'commit')} would be sent"
    if not report.walked:
        return f"{report.name}: nothing new"
    parts = [
        (report.already_there, "already there"),
        (report.sent, "sent"),
        (report.refused, "refused"),
        (report.held_back, "held back"),
        (report.not_sent, "not sent"),
    ]
    shown = ", ".join(f"{count:,} {word}" for count, word in parts if count) or "0 sent"
    line = f"{report.name}: {counted(report.walked, 'commit')} walked: {shown}, in {report.seconds:.1f} s"
    return f"{line} ({report.sent / report.seconds:,.0f}/s)" if report.sent and report.seconds >= 1 else line
