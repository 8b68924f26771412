"""What a pull has to do, decided from the remote's branches and the recorded tips. Pure.

The server has the commits of recorded tips with all their history. After its first success a pull owns the whole set of
tips: those that the remote lost are forgotten, also ones that a laptop recorded.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

Refs = dict[str, str | None]


class PullPlan(Struct, frozen=True):
    """Which tips to walk from, what to hide, which tips are new or have moved, and which are gone."""

    walk_from: list[str]
    hidden: list[str]
    moved: dict[str, str]
    gone: list[str]

    def refs(self, *, is_complete: bool) -> Refs:
        """The changes to record. A walk with gaps leaves the tips that were walked: a wrong record hides commits."""
        walked = set() if is_complete else set(self.walk_from)
        moved = {name: sha for name, sha in self.moved.items() if sha not in walked}
        return {**moved, **dict.fromkeys(self.gone)}


def plan_pull(tips: Mapping[str, str], recorded: Mapping[str, str]) -> PullPlan:
    """Compare tips by sha, whatever their names: a new branch at a known commit needs no walk."""
    known = set(recorded.values())
    return PullPlan(
        walk_from=list(dict.fromkeys(sha for sha in tips.values() if sha not in known)),
        hidden=sorted(known),
        moved={name: sha for name, sha in sorted(tips.items()) if recorded.get(name) != sha},
        gone=sorted(recorded.keys() - tips.keys()),
    )


def parts_of(refs: Refs, size: int) -> Iterator[Refs]:
    """The changes in parts; one that is empty where nothing has changed, as it ends the run."""
    names = list(refs)
    for start in range(0, len(names) or 1, size):
        yield {name: refs[name] for name in names[start : start + size]}
