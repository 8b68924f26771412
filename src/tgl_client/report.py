"""The report of one push, in numbers that add up: what `Client.push` returns and `tgl push --json` prints."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from tgl_client.exit_codes import ExitCode


class PushState(StrEnum):
    """How a push of one repository ended; stable words of the JSON output."""

    NOTHING_NEW = "nothing_new"
    PUSHED = "pushed"
    PLANNED = "planned"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    BUSY = "busy"


class RefusedCommit(Struct, frozen=True):
    """A commit that the server refused, and why."""

    sha: str
    reason: str


class DamagedCommit(Struct, frozen=True):
    """A commit that cannot be read here, and why."""

    sha: str
    reason: str


class PushReport(Struct, frozen=True, kw_only=True):
    """One repository's push: `walked = already_there + sent + refused + damaged + held_back + not_sent`.

    `held_back` counts the commits skipped at the boundary of a shallow clone. Commits below the branch tips that the
    server had recorded are not walked at all, and the `older` ones that `since` leaves out are not among the walked.
    `broken_branches` says of branches that cannot be read why not; what is below them is not counted, nor what is below
    the `unknown_below` damaged commits of which not even the parents can be read. `branches` were looked at,
    `branches_left_out` were not; `unmatched` are those of the branch filters that match none.
    """

    path: str
    project: str | None
    repo: str | None
    state: PushState
    walked: int = 0
    already_there: int = 0
    sent: int = 0
    refused: int = 0
    damaged: int = 0
    held_back: int = 0
    not_sent: int = 0
    refs_recorded: int = 0
    older: int = 0
    since: datetime | None = None
    unknown_below: int = 0
    branches: int = 0
    branches_left_out: int = 0
    unmatched: list[str] = field(default_factory=list)
    seconds: float = 0.0
    run_id: UUID | None = None
    exit_code: ExitCode = ExitCode.DONE
    error: str | None = None
    hint: str | None = None
    refused_commits: list[RefusedCommit] = field(default_factory=list)
    damaged_commits: list[DamagedCommit] = field(default_factory=list)
    broken_branches: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Project and repository on the server, else the path."""
        return f"{self.project}/{self.repo}" if self.project and self.repo else self.path

    @property
    def nothing_looked_at(self) -> str | None:
        """Why the push had nothing to look at; None where it had, or where an error ended it before."""
        if self.state not in (PushState.NOTHING_NEW, PushState.PLANNED):
            return None
        return without_branches(self.branches, self.branches_left_out)


def without_branches(branches: int, left_out: int) -> str | None:
    """Why there is no branch to look at; None where there are `branches`."""
    if branches:
        return None
    return f"the branch filter leaves out every branch ({left_out:,})" if left_out else "there are no commits yet"


def damage_in_words(damaged: int, unknown_below: int) -> str:
    """The damaged commits of a repository, as every command says it."""
    words = f"{damaged:,} damaged {'commit' if damaged == 1 else 'commits'}"
    if not unknown_below:
        return words
    which = "it" if damaged == 1 else f"{unknown_below:,} of them"
    return f"{words}, and all that is below {which}, which cannot be counted"
