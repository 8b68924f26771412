"""The parts of a follower of the ingest log: a name, the columns that it reads, and what it does with them."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.commits.models import IngestKind

Reader = AsyncConnection | AsyncSession

_RESETS = (IngestKind.REMOVED, IngestKind.REBUILT, IngestKind.FORGOTTEN)


class LogEntry(Struct, frozen=True):
    """A row of the ingest log."""

    seq: int
    inserted: int
    kind: IngestKind


class Gulp(Struct, frozen=True):
    """Some rows of one repository's log, in order, with those of their commits that the follower wants.

    `found` counts all their commits, wanted or not. A commit has its `sha` and the columns that the follower reads.
    """

    repo_id: RepoId
    entries: list[LogEntry]
    found: int
    commits: list[RowMapping]

    @property
    def announced(self) -> int:
        """The number of commits that these rows of the log announce."""
        return sum(entry.inserted for entry in self.entries)

    @property
    def is_reset(self) -> bool:
        """True if rows do not say all: commits were deleted, the log was corrected, or rows of it are forgotten."""
        return any(entry.kind in _RESETS for entry in self.entries)


class Losses(Struct, frozen=True):
    """What deleting repositories would take from others, in sentences, and the token that confirms exactly that."""

    sentence: str
    token: str


class Follower(Struct, frozen=True):
    """A follower; its functions run in a transaction of the caller's, which holds the lock of the mark.

    `columns` are those of `commits` that it reads, `wanted` is a condition in SQL, on the commit `c`.

    - `add`: add commits that are new, each exactly once.
    - `renew`: some of these commits were added before; compute what they affect anew from the stored rows. They are
      all commits up to now, and no push counts until the transaction ends.
    - `rebuild`: compute everything of the repository anew; no push counts meanwhile either.
    - `forget`: delete the results for repositories that are being deleted.
    - `find_wrong`: the ids of repositories whose results differ from their commits, among those whose mark is at the
      log's end, and among those that are deleted.
    - `losses`: what deleting repositories takes from others, told to an account; None if nothing has to be confirmed.
    """

    name: str
    columns: tuple[str, ...]
    wanted: str
    add: Callable[[AsyncSession, Gulp], Awaitable[None]]
    renew: Callable[[AsyncSession, Gulp], Awaitable[None]]
    rebuild: Callable[[AsyncSession, RepoId], Awaitable[None]]
    forget: Callable[[AsyncSession, Sequence[RepoId]], Awaitable[None]]
    find_wrong: Callable[[Reader], Awaitable[list[UUID]]]
    losses: Callable[[AsyncSession, Sequence[RepoId], UUID | None], Awaitable[Losses | None]] | None = None


Followers = Sequence[Follower]
