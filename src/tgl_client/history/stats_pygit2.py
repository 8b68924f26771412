"""libgit2's diff as the counting process.

A process, because threads around libgit2 do not scale, and because the search paths for configuration and
attributes, emptied here, belong to the whole process. Where its counts differ from git's by nature is written
down in docs/subsystems/history.md.
"""

import os
import sys
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, DeltaStatus, DiffFind, DiffOption, FileMode

from tgl_client.history.metadata import parents_of, tree_of
from tgl_client.history.workers import Command

_LEVELS = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA)
_FLAGS = DiffOption.INCLUDE_TYPECHANGE
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
    diff = _diff(repository, sha)
    diff.find_similar(DiffFind.FIND_RENAMES, rename_threshold=50, rename_limit=1000)
    stats = diff.stats
    added, deleted = stats.insertions, stats.deletions
    for delta in diff.deltas:
        if delta.status == DeltaStatus.TYPECHANGE:
            more = _lines_of_other_type(repository, delta)
            added, deleted = added + more[0], deleted + more[1]
    return f" {stats.files_changed} files changed, {added} insertions(+), {deleted} deletions(-)"


def _diff(repository: pygit2.Repository, sha: str) -> pygit2.Diff:
    """From the raw object: libgit2 refuses a commit whose dates it cannot read."""
    _, raw = repository.odb.read(sha)
    tree, parents = _tree(repository, raw), parents_of(raw)
    if not parents:
        return tree.diff_to_tree(flags=_FLAGS, context_lines=0, interhunk_lines=0, swap=True)
    return _tree(repository, repository.odb.read(parents[0])[1]).diff_to_tree(tree, _FLAGS, 0, 0)


def _tree(repository: pygit2.Repository, raw: bytes) -> pygit2.Tree:
    return repository[tree_of(raw)].peel(pygit2.Tree)


def _lines_of_other_type(repository: pygit2.Repository, delta: pygit2.DiffDelta) -> tuple[int, int]:
    """Git compares a file with the link that replaced it line by line; libgit2 counts nothing."""
    before, after = _content(repository, delta.old_file), _content(repository, delta.new_file)
    _, added, deleted = pygit2.Patch.create_from(before, after).line_stats
    return added, deleted


def _content(repository: pygit2.Repository, file: pygit2.DiffFile) -> bytes:
    if file.mode == FileMode.COMMIT:
        return f"Subproject commit {file.id}\n".encode()
    return repository[file.id].peel(pygit2.Blob).data


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
