"""What `tgl status` and `tgl test` find out about a repository: both sides of it, side by side."""

from msgspec import Struct

from tgl_client.pushing.histories import Apart
from tgl_client.pushing.refusals import RefusalReport
from tgl_client.report import DamagedCommit, without_branches
from tgl_client.terminal.words import counted
from tgl_protocol.commits import RepoStatus


class Inspection(Struct, frozen=True, kw_only=True):
    """A repository on both sides: `pending` commits are here and not there; `refusals` is of the last push.

    `held_back` counts the commits skipped at the boundary of a shallow clone, `is_all_held_back` says that there are no
    others. `damaged` commits and `broken_branches` cannot be read here, nor what is below `unknown_below` of the
    former; of many pending commits not all were tried. `branches_left_out` are those that the filters leave out,
    `unmatched` the filters without a branch. `apart` is set if the two histories have no commit in common.
    """

    path: str
    tips: dict[str, str]
    status: RepoStatus
    pending: int
    held_back: int
    damaged: list[DamagedCommit]
    broken_branches: list[str]
    refusals: RefusalReport | None
    apart: Apart | None = None
    is_all_held_back: bool = False
    unknown_below: int = 0
    branches_left_out: int = 0
    unmatched: list[str] = []

    @property
    def to_push(self) -> str:
        """What a push would send, or why it would send nothing."""
        if why := without_branches(len(self.tips) + len(self.broken_branches), self.branches_left_out):
            return f"nothing to push: {why}"
        words = f"{counted(self.pending, 'commit')} to push" if self.pending else "nothing to push"
        return f"{words} (no branch matches {', '.join(self.unmatched)})" if self.unmatched else words
