"""Finds out whether a push belongs to the repository that it goes to: whether the two histories share a commit.

Two repositories that are sent to one target by mistake would be mixed for good. The server cannot tell a foreign
history from a branch that was begun anew, such as `gh-pages`; who has the whole repository can.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from tgl_client.errors import ForeignHistoryError
from tgl_client.http.address import Target
from tgl_client.http.api import Api
from tgl_client.pushing.plan import chunks
from tgl_client.pushing.reader import HistoryThread
from tgl_client.terminal.words import counted
from tgl_protocol.commits import RepoStatus

if TYPE_CHECKING:
    from tgl_history import Repository

_SHORT = 12


class Apart(Struct, frozen=True, kw_only=True):
    """Two histories without a common commit, each with one of its roots where one is known.

    Of a shallow clone it is not certain: what they have in common may lie below its boundary.
    """

    path: str
    target: str
    root: str | None
    server_root: str | None
    server_commits: int
    is_shallow: bool

    def error(self) -> ForeignHistoryError:
        """The refusal of a push that would join the two."""
        here = f"{'the shallow clone ' if self.is_shallow else ''}{self.path}{_beginning(self.root)}"
        there = f"the {counted(self.server_commits, 'commit')} of {self.target}{_beginning(self.server_root)}"
        hint = "check --project, --repo and TGL_REPO; --join-history puts both histories into one repository"
        if self.is_shallow:
            hint = "`git fetch --unshallow` shows whether they belong together; --join-history says that they do"
        return ForeignHistoryError(
            f"{here} has no commit in common with {there} on the server",
            hint=hint,
            question=f"Put both histories into {self.target}?",
        )


async def find_apart(
    api: Api, target: Target, status: RepoStatus, repository: "Repository", thread: HistoryThread, chunk: int
) -> Apart | None:
    """Look for a common commit of all local branches, also of those that are not pushed; None if there is one.

    The server's roots are looked for here, and then each local commit there: the roots may not be found yet, and a
    repository of which only a part was pushed has none.
    """
    if await thread.call(repository.has_any, status.roots or ()):
        return None
    tips = await thread.call(lambda: repository.tips(remotes=True, broken=lambda *_: None))
    ancestry = await thread.call(repository.ancestry, tips.values())
    for part in chunks(ancestry.shas, chunk):
        if len(await api.missing(target, part)) < len(part):
            return None
    return Apart(
        path=str(repository.path),
        target=str(target),
        root=ancestry.roots[0].hex() if ancestry.roots else None,
        server_root=status.roots[0] if status.roots else None,
        server_commits=status.total_commits,
        is_shallow=ancestry.is_shallow,
    )


def _beginning(root: str | None) -> str:
    return f" (begins with {root[:_SHORT]})" if root else ""
