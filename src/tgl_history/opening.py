"""Finds and opens a repository, or says in one sentence why it cannot be opened.

The reason is read from the repository itself, never from the text of libgit2's error.
"""

import os
import shlex
from pathlib import Path
from typing import Never

import pygit2

from tgl_history.errors import ForeignOwner, HistoryError, NotARepository, PartialClone, UnsupportedRepository, in_words

_READABLE_EXTENSIONS = {"noop", "objectformat", "worktreeconfig", "preciousobjects", "partialclone", "refstorage"}


def open_pygit2(path: Path) -> pygit2.Repository:
    """The repository at `path` or above it, as git would find it; `GIT_DIR` and its like are ignored."""
    found = _discover(path)
    try:
        repository = pygit2.Repository(found)
    except (pygit2.GitError, OSError) as error:
        _explain(path, Path(found), error)
    if (remote := _promisor(repository)) is not None:
        raise partial_clone(path, remote)
    return repository


def common_dir(git_dir: Path) -> Path:
    """The directory of objects and shared refs; a linked worktree has a git directory of its own besides."""
    pointer = git_dir / "commondir"
    if not pointer.is_file():
        return git_dir
    return (git_dir / os.fsdecode(pointer.read_bytes().strip())).resolve()


def partial_clone(path: Path, remote: str = "origin") -> PartialClone:
    """The refusal of a partial clone: fetching one missing file at a time would keep a cron job busy for days."""
    return PartialClone(
        f"{path} is a partial clone: file contents that the line counts need are still on the remote",
        f"fetch them once: git config --unset remote.{remote}.partialclonefilter && git fetch --refetch {remote}",
    )


def _discover(path: Path) -> str:
    try:
        found = pygit2.discover_repository(os.fspath(path))
    except (pygit2.GitError, KeyError, OSError):
        found = None
    if found is None:
        problem = "is not a Git repository" if path.exists() else "does not exist"
        raise NotARepository(f"{path} {problem}", "give the path of a clone, or run `git init` there first")
    return found


def _promisor(repository: pygit2.Repository) -> str | None:
    """The remote on which a filtered clone left objects; None without a filter, as everything was fetched then."""
    config = repository.config
    if "core.partialclonefilter" in config:
        return "origin"
    for entry in config:
        if entry.name.startswith("remote.") and entry.name.endswith(".partialclonefilter"):
            return entry.name.removeprefix("remote.").removesuffix(".partialclonefilter")
    return None


def _explain(path: Path, git_dir: Path, error: Exception) -> Never:
    foreign = _foreign_place(path, git_dir)
    unsupported = _unsupported(git_dir)
    if unsupported is not None:
        raise unsupported from error
    if foreign is not None:
        raise ForeignOwner(
            f"{foreign} belongs to another user, so it is not read",
            f"if you trust it: git config --global --add safe.directory {shlex.quote(os.fspath(foreign))}",
        ) from error
    raise NotARepository(
        f"cannot open {path}: {in_words(error)}",
        f"run `git --git-dir={shlex.quote(os.fspath(git_dir))} fsck` to see what git makes of it",
    ) from error


def _foreign_place(path: Path, git_dir: Path) -> Path | None:
    """The folder that `safe.directory` would have to name: the worktree, or a bare repository itself."""
    if not hasattr(os, "geteuid"):
        return None
    start = path.resolve()
    worktree = next((place for place in (start, *start.parents) if (place / ".git").exists()), git_dir)
    foreign = any(place.stat().st_uid != os.geteuid() for place in (worktree, git_dir))
    return worktree if foreign else None


def _unsupported(git_dir: Path) -> HistoryError | None:
    settings = _extensions(common_dir(git_dir) / "config")
    if settings.get("objectformat", "sha1") != "sha1":
        return UnsupportedRepository(
            "this repository names its objects by SHA-256; only SHA-1 is supported for now",
            "there is no way round it yet: leave this repository out",
        )
    if settings.get("refstorage", "files") != "files":
        return UnsupportedRepository(
            f"this repository keeps its refs as {settings['refstorage']}, which cannot be read yet",
            "convert it with `git refs migrate --ref-format=files` (git 2.46 or later)",
        )
    unknown = sorted(set(settings) - _READABLE_EXTENSIONS)
    if unknown:
        return UnsupportedRepository(
            f"this repository uses the extension {unknown[0]}, which cannot be read yet",
            "push from an ordinary clone of it",
        )
    return None


def _extensions(config: Path) -> dict[str, str]:
    try:
        entries = [(entry.name, entry.value) for entry in pygit2.Config(os.fspath(config))]
    except (pygit2.GitError, OSError):
        return {}
    return {
        name.removeprefix("extensions."): (value or "").lower()
        for name, value in entries
        if name.startswith("extensions.")
    }
