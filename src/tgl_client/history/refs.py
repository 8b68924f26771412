"""Branches and nothing else: tags, `refs/pull/*`, the stash, notes and replacements are no activity of their own."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

import pygit2
from pygit2.enums import ObjectType

from tgl_client.history.errors import CorruptRepository

_HEADS = "refs/heads/"
_REMOTES = "refs/remotes/"
_DETACHED = "HEAD"


def branch_tips(repository: pygit2.Repository, globs: Sequence[str], *, remotes: bool) -> dict[str, str]:
    """Full ref name to commit; a detached HEAD that no branch points to is the branch `HEAD`."""
    branches = dict(_branches(repository, (_HEADS, _REMOTES) if remotes else (_HEADS,)))
    if repository.head_is_detached and (head := _commit(repository, repository.head.target, _DETACHED)):
        local = {sha for name, sha in branches.items() if name.startswith(_HEADS)}
        if head not in local:
            branches[_DETACHED] = head
    return {name: sha for name, sha in branches.items() if _matches(name, globs)}


def _branches(repository: pygit2.Repository, prefixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for reference in repository.references.iterator():
        # A name need not be UTF-8. A backslash cannot be in one, so the escaped form is unambiguous.
        name = reference.raw_name.decode("utf-8", "backslashreplace")
        if not name.startswith(prefixes):
            continue
        target = _resolved(reference, name)
        if target is not None and (sha := _commit(repository, target, name)) is not None:
            yield name, sha


def _resolved(reference: pygit2.Reference, name: str) -> pygit2.Oid | str | None:
    """None for a remote's `HEAD`, which repeats another branch, and for a symbolic ref that leads nowhere."""
    target = reference.target
    if isinstance(target, pygit2.Oid):
        return target
    if name.startswith(_REMOTES):
        return None
    try:
        return reference.resolve().target
    except KeyError:
        return None


def _commit(repository: pygit2.Repository, target: pygit2.Oid | str, name: str) -> str | None:
    """None for a tip that is no commit."""
    try:
        kind, _ = repository.odb.read_header(target)
    except (pygit2.GitError, KeyError) as error:
        raise CorruptRepository(
            f"{name} points to {target}, which is not in the repository",
            "run `git fsck`, then fetch the branch again or delete it",
        ) from error
    return str(target) if kind == ObjectType.COMMIT else None


def _matches(name: str, globs: Sequence[str]) -> bool:
    """By full name, or as people write it: `main`, `origin/main`."""
    short = name.removeprefix(_HEADS).removeprefix(_REMOTES)
    return not globs or any(fnmatchcase(name, glob) or fnmatchcase(short, glob) for glob in globs)
