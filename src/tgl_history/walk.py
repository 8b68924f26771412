"""Walks a history: which commits, parents before children, so that a push cut short can be continued.

Every commit is read here. libgit2's walk stops at a commit whose dates it cannot read (libgit2/pygit2#947), knows no
boundary of a shallow clone in a bare object store (libgit2/libgit2#6096), counts children in sixteen bits and drops a
commit with 65,535 of them together with its ancestors, and is no faster.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush

from tgl_history.metadata import commit_date_of, parents_of
from tgl_history.objects import Objects, UnreadableObject

#: Hears the name of a commit that cannot be read or counted, and why.
Unreadable = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Walk:
    """The commits found, parents before children; a shallow clone's boundary commits are only counted.

    `older` counts what the date left out. `found_hidden` is true if a hidden commit is in this repository.
    """

    shas: list[bytes] = field(default_factory=list)
    skipped_at_boundary: int = 0
    older: int = 0
    found_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Ancestry:
    """All commits that a history names, ancestors first; of a shallow clone also those just beyond its boundary."""

    shas: list[bytes] = field(default_factory=list)
    roots: list[bytes] = field(default_factory=list)
    is_shallow: bool = False


class HistoryWalk:
    """One walk through the commits of an object store; `boundary` is where a shallow clone ends."""

    def __init__(
        self, objects: Objects, boundary: frozenset[bytes], since: datetime | None, unreadable: Unreadable
    ) -> None:
        self._objects = objects
        self._boundary = boundary
        self._since = since
        self._unreadable = unreadable
        self._left_out: set[bytes] = set()
        self._older = 0

    def find(self, tips: Iterable[str], hidden: Iterable[str]) -> Walk:
        """The commits that `git rev-list --topo-order --reverse --since-as-filter` lists, and seldom more.

        Clocks that are wrong may add some that `hidden` reaches, and never lose one.
        """
        starts = [bytes.fromhex(sha) for sha in tips]
        known = {bytes.fromhex(sha) for sha in hidden if self._objects.is_commit(sha)}
        order = self._beside(starts, known) if known else ancestors_first(starts, self._parents)
        found = [sha for sha in order if sha not in self._left_out and sha not in self._boundary]
        return Walk(found, sum(sha in self._boundary for sha in order), self._older, bool(known))

    def ancestry(self, tips: Iterable[str]) -> Ancestry:
        """Everything that the history below `tips` names; what cannot be read ends it there."""
        ends: list[bytes] = []

        def parents(sha: bytes) -> list[bytes]:
            found = self._parents(sha)
            if not found and sha not in self._left_out:
                ends.append(sha)
            return found

        order = ancestors_first([bytes.fromhex(sha) for sha in tips], parents)
        beyond = dict.fromkeys(parent for sha in ends if sha in self._boundary for parent in self._beyond(sha))
        roots = [sha for sha in ends if sha not in self._boundary]
        return Ancestry(list(dict.fromkeys([*beyond, *order])), roots, len(roots) < len(ends))

    def _beyond(self, sha: bytes) -> list[bytes]:
        """The parents that a commit at the boundary names, and that are not here."""
        try:
            return [bytes.fromhex(parent) for parent in parents_of(self._objects.commit(sha))]
        except UnreadableObject:
            return []

    def _parents(self, sha: bytes) -> list[bytes]:
        """The parents to walk on to; leaves out what cannot be read or is too old."""
        if sha in self._boundary:
            return []
        try:
            raw = self._objects.commit(sha)
        except UnreadableObject as error:
            self._left_out.add(sha)
            self._unreadable(sha.hex(), str(error))
            return []
        if self._since is not None and commit_date_of(raw) < self._since:
            self._left_out.add(sha)
            self._older += 1
        return [bytes.fromhex(parent) for parent in parents_of(raw)]

    def _beside(self, starts: list[bytes], known: set[bytes]) -> list[bytes]:
        """The commits below `starts` and not below `known`, without walking down to the roots."""
        parents = _Frontier(self._objects, self._boundary).between(starts, known)
        return ancestors_first(
            [sha for sha in starts if sha in parents],
            lambda sha: [parent for parent in self._parents(sha) if parent in parents],
        )


class _Frontier:
    """Walks from wanted and known commits at once, newest first, until only known ones are left."""

    def __init__(self, objects: Objects, boundary: frozenset[bytes]) -> None:
        self._objects = objects
        self._boundary = boundary
        self._queue: list[tuple[float, bytes]] = []
        self._parents: dict[bytes, list[bytes]] = {}
        self._known: set[bytes] = set()
        self._waiting: set[bytes] = set()

    def between(self, starts: list[bytes], known: set[bytes]) -> set[bytes]:
        """The wanted commits."""
        for sha in known:
            self._enter(sha)
            self._mark_known(sha)
        for sha in starts:
            self._want(sha)
        while self._waiting:
            sha = heappop(self._queue)[1]
            self._waiting.discard(sha)
            step = self._mark_known if sha in self._known else self._want
            for parent in self._parents[sha]:
                step(parent)
        return self._parents.keys() - self._known

    def _want(self, sha: bytes) -> None:
        if self._enter(sha):
            self._waiting.add(sha)

    def _mark_known(self, sha: bytes) -> None:
        """Mark a commit, and those of its ancestors that were met before it was known to be one of them."""
        self._enter(sha)
        stack = [sha]
        while stack:
            sha = stack.pop()
            if sha in self._parents and sha not in self._known:
                self._known.add(sha)
                self._waiting.discard(sha)
                stack.extend(self._parents[sha])

    def _enter(self, sha: bytes) -> bool:
        """Queue a commit; false for one that was met before."""
        if sha in self._parents:
            return False
        parents: list[bytes] = []
        when = 0.0
        # One that cannot be read has no parents here, and is reported where it is wanted.
        if sha not in self._boundary and (raw := self._raw(sha)) is not None:
            parents = [bytes.fromhex(parent) for parent in parents_of(raw)]
            when = commit_date_of(raw).timestamp()
        self._parents[sha] = parents
        heappush(self._queue, (-when, sha))
        return True

    def _raw(self, sha: bytes) -> bytes | None:
        try:
            return self._objects.commit(sha)
        except UnreadableObject:
            return None


def ancestors_first(starts: Iterable[bytes], parents: Callable[[bytes], list[bytes]]) -> list[bytes]:
    """The commits below `starts`, depth first, each after its parents; without recursion."""
    order: list[bytes] = []
    seen: set[bytes] = set()
    stack = [(sha, False) for sha in starts]
    while stack:
        sha, parents_done = stack.pop()
        if parents_done:
            order.append(sha)
        elif sha not in seen:
            seen.add(sha)
            stack.append((sha, True))
            stack.extend((parent, False) for parent in parents(sha))
    return order
