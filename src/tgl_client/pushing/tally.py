"""Counting what a push does while it runs, and making its report at the end."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct, field

from tgl_client.errors import AlreadyRunningError, TglError
from tgl_client.exit_codes import ExitCode
from tgl_client.report import DamagedCommit, PushReport, PushState, RefusedCommit


class Tally(Struct):
    """The numbers of one push, true at every moment of it."""

    walked: int = 0
    already_there: int = 0
    sent: int = 0
    skipped_at_boundary: int = 0
    since: datetime | None = None
    older: int = 0
    branches: int = 0
    branches_left_out: int = 0
    unmatched: list[str] = field(default_factory=list)
    unknown_below: int = 0
    refused: list[RefusedCommit] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    broken_branches: dict[str, str] = field(default_factory=dict)
    refs_recorded: int = 0
    run_opened: bool = False

    def hear_unreadable(self, sha: str, reason: str) -> None:
        """Count a commit that is damaged here; a stream that is sent again meets it again."""
        self.unreadable.setdefault(sha, reason.removeprefix(f"{sha} "))

    @property
    def damaged(self) -> list[DamagedCommit]:
        """The commits that cannot be read here."""
        return [DamagedCommit(sha, reason) for sha, reason in self.unreadable.items()]

    @property
    def is_all_at_boundary(self) -> bool:
        """True for a shallow clone whose commits were all skipped."""
        return self.skipped_at_boundary > 0 and self.skipped_at_boundary == self.walked

    @property
    def has_gaps(self) -> bool:
        """True when commits of the walk are not on the server although nothing stopped the push."""
        return bool(self.refused or self.unreadable or self.skipped_at_boundary)

    @property
    def not_sent(self) -> int:
        """What an interruption or a dry run left unsent."""
        settled = self.already_there + self.sent + self.skipped_at_boundary
        return self.walked - settled - len(self.refused) - len(self.unreadable)

    @property
    def end_state(self) -> PushState:
        """How a push that nothing stopped ended; a shallow clone whose commits were all skipped pushed nothing."""
        if self.refused or self.unreadable or self.is_all_at_boundary:
            return PushState.INCOMPLETE
        return PushState.PUSHED if self.sent else PushState.NOTHING_NEW


def make_report(
    path: str, project: str, repo: str, tally: Tally, state: PushState, seconds: float, run_id: UUID | None
) -> PushReport:
    """The report of a push whose numbers are `tally`; it names the run once sending has begun."""
    return PushReport(
        path=path,
        project=project,
        repo=repo,
        state=state,
        walked=tally.walked,
        already_there=tally.already_there,
        sent=tally.sent,
        refused=len(tally.refused),
        damaged=len(tally.unreadable),
        held_back=tally.skipped_at_boundary,
        not_sent=tally.not_sent,
        refs_recorded=tally.refs_recorded,
        older=tally.older,
        since=tally.since,
        unknown_below=tally.unknown_below,
        branches=tally.branches,
        branches_left_out=tally.branches_left_out,
        unmatched=tally.unmatched,
        seconds=round(seconds, 3),
        run_id=run_id if tally.run_opened else None,
        exit_code=ExitCode.NOT_PUSHED if state is PushState.INCOMPLETE else ExitCode.DONE,
        refused_commits=tally.refused,
        damaged_commits=tally.damaged,
        broken_branches=sorted(tally.broken_branches.values()),
    )


def failed_report(report: PushReport, error: TglError) -> PushReport:
    """A report's numbers, with the error that stopped the push."""
    state = PushState.BUSY if isinstance(error, AlreadyRunningError) else PushState.FAILED
    return msgspec.structs.replace(report, state=state, exit_code=error.exit_code, error=str(error), hint=error.hint)
