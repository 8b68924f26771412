"""What a push did, in numbers that add up."""

from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct, field

from tgl_client.errors import AlreadyRunningError, ExitCode, TglError


class PushState(StrEnum):
    """How a push of one repository ended; stable words of the JSON output."""

    NOTHING_NEW = "nothing_new"
    PUSHED = "pushed"
    PLANNED = "planned"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    BUSY = "busy"


class RefusedCommit(Struct, frozen=True):
    """A commit that the server did not take, and why."""

    sha: str
    reason: str


class Tally(Struct):
    """Counted while a push runs."""

    walked: int = 0
    already_there: int = 0
    sent: int = 0
    held_back: int = 0
    refused: list[RefusedCommit] = field(default_factory=list)
    refs_recorded: int = 0

    @property
    def not_sent(self) -> int:
        """What an interruption or a dry run left behind."""
        return self.walked - self.already_there - self.sent - self.held_back - len(self.refused)


class PushReport(Struct, frozen=True, kw_only=True):
    """One repository's push: `walked = already_there + sent + refused + held_back + not_sent`.

    Commits below the branch tips that the server had recorded are not walked at all.
    """

    path: str
    project: str | None
    repo: str | None
    state: PushState
    walked: int = 0
    already_there: int = 0
    sent: int = 0
    refused: int = 0
    held_back: int = 0
    not_sent: int = 0
    refs_recorded: int = 0
    seconds: float = 0.0
    run_id: UUID | None = None
    exit_code: ExitCode = ExitCode.DONE
    error: str | None = None
    hint: str | None = None
    refused_commits: list[RefusedCommit] = field(default_factory=list)

    @property
    def name(self) -> str:
        """How people call it: project and repository on the server, else the path."""
        return f"{self.project}/{self.repo}" if self.project and self.repo else self.path


def make_report(
    path: str, project: str, repo: str, tally: Tally, state: PushState, seconds: float, run_id: UUID | None
) -> PushReport:
    """The tally of a push that ran to its end."""
    return PushReport(
        path=path,
        project=project,
        repo=repo,
        state=state,
        walked=tally.walked,
        already_there=tally.already_there,
        sent=tally.sent,
        refused=len(tally.refused),
        held_back=tally.held_back,
        not_sent=tally.not_sent,
        refs_recorded=tally.refs_recorded,
        seconds=round(seconds, 3),
        run_id=run_id if tally.sent or tally.refused else None,
        exit_code=ExitCode.NOT_PUSHED if state is PushState.INCOMPLETE else ExitCode.DONE,
        refused_commits=tally.refused,
    )


def end_state(tally: Tally) -> PushState:
    """How a push that nothing stopped ended. A shallow clone that holds back all it found pushed nothing."""
    if tally.refused or (tally.held_back and tally.held_back == tally.walked):
        return PushState.INCOMPLETE
    return PushState.PUSHED if tally.sent else PushState.NOTHING_NEW


def failed_report(report: PushReport, error: TglError) -> PushReport:
    """The same numbers, with what stopped the push."""
    state = PushState.BUSY if isinstance(error, AlreadyRunningError) else PushState.FAILED
    return msgspec.structs.replace(report, state=state, exit_code=error.exit_code, error=str(error), hint=error.hint)
