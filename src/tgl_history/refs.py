"""The tips of branches; tags, `refs/pull/*`, the stash, notes and replacements are no activity of their own."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pygit2

from tgl_history.errors import CorruptRepository, in_words
from tgl_history.objects import Objects, UnreadableObject
from tgl_history.opening import common_dir

_HEADS = "refs/heads/"
_REMOTES = "refs/remotes/"
_DETACHED = "HEAD"
#: What libgit2 fails with at a file of refs that is damaged.
_DAMAGE = (pygit2.GitError, KeyError, ValueError, OSError)

#: Hears the name of a branch that cannot be read, and why.
Broken = Callable[[str, str], None]


def branch_tips(
    repository: pygit2.Repository,
    objects: Objects,
    globs: Sequence[str],
    *,
    remotes: bool,
    broken: Broken | None = None,
) -> dict[str, str]:
    """The commit of each branch by full ref name; a detached HEAD that no branch points to is the branch `HEAD`.

    Without `broken` a branch whose commit is gone is an error, and one whose file was cut off is skipped.
    """
    prefixes = (_HEADS, _REMOTES) if remotes else (_HEADS,)
    targets = dict(_targets(repository, prefixes))
    local = {target for name, target in targets.items() if name.startswith(_HEADS)}
    if (head := _detached_head(repository)) is not None and head not in local:
        targets[_DETACHED] = head
    branches = _commits(objects, {name: sha for name, sha in targets.items() if _matches(name, globs)}, broken)
    for name in _unreadable_files(repository, prefixes, targets) if broken is not None else ():
        if broken is not None and _matches(name, globs):
            broken(name, f"{name} cannot be read: its file is empty or damaged")
    return branches


def _targets(repository: pygit2.Repository, prefixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """What each branch points to, by full ref name."""
    try:
        for reference in repository.references.iterator():
            # A name need not be UTF-8. A backslash cannot be in one, so the escaped form is unambiguous.
            name = reference.raw_name.decode("utf-8", "backslashreplace")
            if name.startswith(prefixes) and (target := _resolved(reference, name)) is not None:
                yield name, target.raw
    except _DAMAGE as error:
        raise CorruptRepository(
            f"the branches of {repository.path} cannot be read: {in_words(error)}",
            "run `git for-each-ref` there to see what git makes of them",
        ) from error


def _resolved(reference: pygit2.Reference, name: str) -> pygit2.Oid | None:
    """What a ref points to; None for a remote's `HEAD`, which repeats a branch, and for a link to nothing or itself."""
    target = reference.target
    if isinstance(target, pygit2.Oid):
        return target
    if name.startswith(_REMOTES):
        return None
    try:
        resolved = reference.resolve().target
    except _DAMAGE:
        return None
    return resolved if isinstance(resolved, pygit2.Oid) else None


def _detached_head(repository: pygit2.Repository) -> bytes | None:
    """What HEAD itself points to; None where it names a branch, or is damaged: branches do not need it."""
    try:
        target = repository.head.target if repository.head_is_detached else None
    except _DAMAGE:
        return None
    return target.raw if isinstance(target, pygit2.Oid) else None


def _unreadable_files(repository: pygit2.Repository, prefixes: tuple[str, ...], read: Collection[str]) -> Iterator[str]:
    """The files of branches that libgit2 passes over; a link to nothing, as git makes them, is not among them."""
    top = common_dir(Path(repository.path))
    for prefix in prefixes:
        for folder, _, files in os.walk(top / prefix):
            for file in (Path(folder, file) for file in files if not file.endswith(".lock")):
                name = os.fsencode(file.relative_to(top)).decode("utf-8", "backslashreplace")
                if name not in read and not _is_symbolic(file):
                    yield name


def _is_symbolic(file: Path) -> bool:
    try:
        return file.read_bytes().startswith(b"ref:")
    except OSError:
        return False


def _commits(objects: Objects, targets: dict[str, bytes], broken: Broken | None) -> dict[str, str]:
    """The commit at each tip; one that is a tree or a blob is left out."""
    found = {}
    for name, target in targets.items():
        try:
            commit = objects.peeled(target)
        except UnreadableObject as error:
            reason = f"{name} points to {target.hex()}, which is not in the repository"
            if broken is None:
                raise CorruptRepository(reason, "run `git fsck`, then fetch the branch again or delete it") from error
            broken(name, reason)
            continue
        if commit is not None:
            found[name] = commit.hex()
    return found


def _matches(name: str, globs: Sequence[str]) -> bool:
    """True when a glob matches the full name, or the name that people write: `main`, `origin/main`."""
    short = name.removeprefix(_HEADS).removeprefix(_REMOTES)
    return not globs or any(fnmatchcase(name, glob) or fnmatchcase(short, glob) for glob in globs)
