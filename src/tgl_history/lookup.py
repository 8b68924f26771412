"""Finds a commit by what people call it, and the branches whose history has it.

libgit2's own lookup reads loose objects, of which one that was cut off makes it loop for ever (see `objects`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pygit2

from tgl_history.metadata import commit_date_of, parents_of, title_of
from tgl_history.objects import Objects, UnreadableObject
from tgl_history.walk import ancestors_first

#: A branch whose clocks are wrong by more than this may be overlooked, as in git's own `name-rev`.
_CLOCK_SLOP = timedelta(days=1)
_STEPS = re.compile(r"([~^])(\d{0,4})")
_NAME = re.compile(r"(?P<base>.*?)(?P<steps>(?:[~^]\d{0,4})*)", re.DOTALL)
_SHA = re.compile(r"[0-9a-fA-F]{4,40}")
_PLACES = ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """A commit here, and the tips of the branches that have it; at a shallow clone's boundary it is not pushed."""

    sha: str
    title: str
    commit_date: datetime
    tips: Mapping[str, str]
    is_boundary: bool


def find_commits(repository: pygit2.Repository, objects: Objects, name: str) -> list[str]:
    """The commits that a name stands for: a branch, a tag, HEAD, or a sha or its beginning; `main~2`, `HEAD^` too.

    Several where shas begin alike, none where nothing here is called so.
    """
    parts = _NAME.fullmatch(name)
    assert parts is not None, "the pattern takes any text"
    starts = _by_ref(repository, objects, parts["base"]) or _by_sha(objects, parts["base"])
    found = [_stepped(objects, start, parts["steps"]) for start in starts]
    return sorted(sha.hex() for sha in found if sha is not None)


def branches_with(
    objects: Objects, boundary: frozenset[bytes], tips: Mapping[str, str], sha: bytes, since: datetime | None
) -> dict[str, str]:
    """Those of the tips whose history has the commit; nothing older than `since` is looked at."""
    parents: dict[bytes, list[bytes]] = {}

    def read(commit: bytes) -> list[bytes]:
        parents[commit] = [] if commit == sha or commit in boundary else _parents(objects, commit, since)
        return parents[commit]

    having = {sha}
    for commit in ancestors_first([bytes.fromhex(tip) for tip in tips.values()], read):
        if not having.isdisjoint(parents[commit]):
            having.add(commit)
    return {name: tip for name, tip in tips.items() if bytes.fromhex(tip) in having}


def whereabouts(objects: Objects, boundary: frozenset[bytes], tips: Mapping[str, str], sha: str) -> Whereabouts:
    """What is known here of a commit; raises `UnreadableObject`. `tips` are of all branches."""
    raw = objects.commit(bytes.fromhex(sha))
    date = commit_date_of(raw)
    # The recent part of the history answers most questions, and all of it those that are left.
    recent = branches_with(objects, boundary, tips, bytes.fromhex(sha), date - _CLOCK_SLOP)
    having = recent or branches_with(objects, boundary, tips, bytes.fromhex(sha), None)
    return Whereabouts(
        sha=sha, title=title_of(raw), commit_date=date, tips=having, is_boundary=bytes.fromhex(sha) in boundary
    )


def _parents(objects: Objects, sha: bytes, since: datetime | None) -> list[bytes]:
    try:
        raw = objects.commit(sha)
    except UnreadableObject:
        return []
    if since is not None and commit_date_of(raw) < since:
        return []
    return [bytes.fromhex(parent) for parent in parents_of(raw)]


def _by_ref(repository: pygit2.Repository, objects: Objects, name: str) -> list[bytes]:
    for place in _PLACES:
        try:
            target = repository.lookup_reference(place.format("HEAD" if name == "@" else name)).resolve().target
            commit = objects.peeled(target.raw) if isinstance(target, pygit2.Oid) else None
        except (pygit2.GitError, KeyError, ValueError, OSError, UnreadableObject):
            continue
        if commit is not None:
            return [commit]
    return []


def _by_sha(objects: Objects, text: str) -> list[bytes]:
    if not _SHA.fullmatch(text):
        return []
    found = {_peeled(objects, sha) for sha in objects.beginning(text.lower())}
    return [commit for commit in found if commit is not None]


def _peeled(objects: Objects, sha: bytes) -> bytes | None:
    try:
        return objects.peeled(sha)
    except UnreadableObject:
        return sha  # whoever reads it hears that it is damaged


def _stepped(objects: Objects, sha: bytes, steps: str) -> bytes | None:
    """The commit that `~2` or `^2` leads to; None where the history, or what is here of it, ends before."""
    for kind, digits in _STEPS.findall(steps):
        number = int(digits or 1)
        for nth in [number] if kind == "^" and number else [1] * (number if kind == "~" else 0):
            parents = _parents(objects, sha, None)
            if nth > len(parents):
                return None
            sha = parents[nth - 1]
    return sha if not steps or objects.is_commit(sha.hex()) else None
