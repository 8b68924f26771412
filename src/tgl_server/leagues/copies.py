"""Copies of one change: commits of one player that have two of author second, title and size in common. Pure.

The relation is closed transitively, and the change is named by the least sha among its copies: so neither the order nor
the grouping in which commits arrive matters.
"""

from collections.abc import Hashable, Iterable

from msgspec import Struct


class Trait(Struct, frozen=True, gc=False):
    """What copies are recognised by: the author second, the key of the title, and the size."""

    second: int
    title_key: int
    additions: int
    deletions: int
    files: int

    def pairs(self) -> tuple[Hashable, Hashable, Hashable]:
        """Each two of three; commits that share one are copies."""
        size = (self.additions, self.deletions, self.files)
        return (0, self.second, self.title_key), (1, self.second, *size), (2, self.title_key, *size)


class _Groups:
    """Disjoint sets, each named by its least member."""

    def __init__(self) -> None:
        self._parent: dict[bytes, bytes] = {}

    def name(self, member: bytes) -> bytes:
        parent = self._parent.setdefault(member, member)
        while parent != member:
            above = self._parent[parent]
            self._parent[member] = above
            member, parent = parent, above
        return member

    def join(self, one: bytes, other: bytes) -> None:
        least, greatest = sorted((self.name(one), self.name(other)))
        self._parent[greatest] = least

    def names(self) -> dict[bytes, bytes]:
        """Each member with the name of its set."""
        return {member: self.name(member) for member in list(self._parent)}


def closed(commits: Iterable[tuple[bytes, Trait]]) -> dict[bytes, bytes]:
    """The name of the change that each commit of one player belongs to, by sha.

    A commit whose change is known already may be given under the change's name: then the answer has the name that is
    left of it.
    """
    groups = _Groups()
    first: dict[Hashable, bytes] = {}
    for name, trait in commits:
        groups.name(name)
        for pair in trait.pairs():
            groups.join(first.setdefault(pair, name), name)
    return groups.names()
