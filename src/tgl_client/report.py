"""What a push did, in numbers that add up."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from tgl_client.errors import ExitCode


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
