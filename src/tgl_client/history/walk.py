"""Which commits, in which order: parents before children, so that a push cut short can be continued.

Grafts are not followed: libgit2 honours them, so the walk runs on the bare object store. A shallow clone needs its
boundary, and libgit2 stops at a commit whose dates it cannot read; both are walked here, whole.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import pygit2
from pygit2.enums import ObjectType, SortMode

from tgl_client.history.metadata import commit_date_of, parents_of

ReadRaw = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Walk:
    """Parents before children. `held_back` boundary commits of a shallow clone are not among them."""

    shas: list[bytes] = field(default_factory=list)
    held_back: int = 0


def walk_whole(
    repository: pygit2.Repository, tips: Iterable[str], hidden: Iterable[str], since: datetime | None
) -> Walk:
    """What `git rev-list --topo-order --reverse --since-as-filter` lists."""
    known = {sha for sha in hidden if is_commit(repository, sha)}
    wanted = [sha for sha in tips if sha not in known]
    if not wanted:
        return Walk()
    walker = repository.walk(None, SortMode.TOPOLOGICAL | SortMode.REVERSE)
    for sha in wanted:
        walker.push(sha)
    for sha in known:
        walker.hide(sha)
    earliest = None if since is None else since.timestamp()
    return Walk([commit.id.raw for commit in walker if earliest is None or commit.commit_time >= earliest])


def walk_here(
    repository: pygit2.Repository,
    boundary: frozenset[bytes],
    tips: Iterable[str],
    hidden: Iterable[str],
    since: datetime | None,
) -> Walk:
    """The same without libgit2's shortcuts and demands: reads every commit down to the roots or the boundary."""

    def read(sha: bytes) -> bytes:
        return repository.odb.read(pygit2.Oid(raw=sha))[1]

    known = (bytes.fromhex(sha) for sha in hidden if is_commit(repository, sha))
    excluded = set(_ancestors_first(known, boundary, read, ()))
    order = _ancestors_first((bytes.fromhex(sha) for sha in tips), boundary, read, excluded)
    whole = [sha for sha in order if sha not in boundary]
    if since is not None:
        whole = [sha for sha in whole if commit_date_of(read(sha)) >= since]
    return Walk(whole, sum(sha in boundary for sha in order))


def is_commit(repository: pygit2.Repository, sha: str) -> bool:
    """False also for an object that is not here."""
    try:
        kind, _ = repository.odb.read_header(sha)
    except (pygit2.GitError, KeyError, ValueError):
        return False
    return bool(kind == ObjectType.COMMIT)


def _ancestors_first(
    starts: Iterable[bytes], boundary: frozenset[bytes], read: ReadRaw, excluded: Iterable[bytes]
) -> list[bytes]:
    """Depth first, a commit after its parents, without recursion."""
    order: list[bytes] = []
    seen = set(excluded)
    stack = [(sha, False) for sha in starts]
    while stack:
        sha, parents_done = stack.pop()
        if parents_done:
            order.append(sha)
        elif sha not in seen:
            seen.add(sha)
            stack.append((sha, True))
            if sha not in boundary:
                stack.extend((bytes.fromhex(parent), False) for parent in parents_of(read(sha)))
    return order
