"""libgit2's diff as the counting process.

A process, because threads around libgit2 do not scale, and because the search paths for configuration and
attributes, emptied here, belong to the whole process. Where its counts differ from git's by nature is written
down in docs/subsystems/history.md.
"""

import os
import sys
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, DiffFind, DiffOption

from tgl_client.history.workers import Command

_LEVELS = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA)
_SHA_LENGTH = 40


def count_lines(objects: Path) -> Command:
    """Counts the lines of commits whose objects are in `objects`."""
    # -P: a module called like ours in the current directory is not ours.
    start = f"from {__name__} import main; main()"
    return Command((sys.executable, "-P", "-c", start, os.fspath(objects)), dict(os.environ))


def detached_repository(objects: Path) -> pygit2.Repository:
    """An object store with nothing around it: no configuration, no attributes, no grafts, no shallow boundary."""
    repository = pygit2.Repository()
    repository.set_odb(pygit2.Odb(os.fspath(objects)))
    return repository


def _shield() -> None:
    pygit2.settings.enable_strict_hash_verification(False)
    for level in _LEVELS:
        pygit2.settings.search_path[level] = ""


def _summary(repository: pygit2.Repository, sha: str) -> str:
    commit = repository[sha].peel(pygit2.Commit)
    flags = DiffOption.INCLUDE_TYPECHANGE
    if commit.parent_ids:
        diff = repository[commit.parent_ids[0]].peel(pygit2.Tree).diff_to_tree(commit.tree, flags, 0, 0)
    else:
        diff = commit.tree.diff_to_tree(flags=flags, context_lines=0, interhunk_lines=0, swap=True)
    diff.find_similar(DiffFind.FIND_RENAMES, rename_threshold=50, rename_limit=1000)
    stats = diff.stats
    return f" {stats.files_changed} files changed, {stats.insertions} insertions(+), {stats.deletions} deletions(-)"


def main() -> None:
    """The process itself: ids on its standard input, answers on its standard output."""
    _shield()
    try:
        _answer(detached_repository(Path(sys.argv[1])))
    except (pygit2.GitError, KeyError, OSError) as error:
        sys.exit(str(error))


def _answer(repository: pygit2.Repository) -> None:
    for line in sys.stdin:
        sha = line.rstrip("\n")
        if len(sha) == _SHA_LENGTH:
            sys.stdout.write(f"{sha}\n{_summary(repository, sha)}\n")
        else:
            sys.stdout.write(line)
            sys.stdout.flush()
