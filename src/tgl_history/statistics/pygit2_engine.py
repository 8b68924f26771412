"""libgit2's diff as the counting process, for machines without git.

A process, because threads around libgit2 do not scale, and because the search paths for configuration and
attributes, emptied here, belong to the whole process. Where its counts differ from git's by nature is written
down in docs/subsystems/history.md.
"""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, DeltaStatus, DiffFind, DiffOption, FileMode

from tgl_history.errors import StatisticsFailed
from tgl_history.metadata import parents_of, tree_of
from tgl_history.objects import loose_files, read_loose, with_borrowed
from tgl_history.statistics.inherited import inherited
from tgl_history.statistics.workers import Command

_LEVELS = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA)
_FLAGS = DiffOption.INCLUDE_TYPECHANGE
_SHA_LENGTH = 40
_CONTROLS = dict.fromkeys(range(32), "?")
_BY_FILE = "--numstat"


def count_lines(objects: Path, *, by_file: bool = False) -> Command:
    """The process that counts the lines of commits whose objects are in `objects`."""
    # -P: a module called like ours in the current directory is not ours.
    start = f"from {__name__} import main; main()"
    more = (_BY_FILE,) if by_file else ()
    return Command((sys.executable, "-P", "-c", start, os.fspath(objects), *more), inherited(python=True))


def detached_repository(objects: Path) -> pygit2.Repository:
    """An object store with nothing around it: no configuration, no attributes, no grafts, no shallow boundary."""
    repository = pygit2.Repository()
    repository.set_odb(pygit2.Odb(os.fspath(objects)))
    return repository


@contextmanager
def sound_objects(objects: Path) -> Iterator[Path]:
    """The folder of objects; where loose ones are damaged, a folder of links to all others and to the packs.

    libgit2 would read a loose object that was cut off for ever (libgit2/libgit2#7342).
    """
    folders = list(with_borrowed(objects))
    sound, damaged = [], False
    for file in loose_files(folders):
        if read_loose(file) is None:
            damaged = True
        else:
            sound.append(file)
    if not damaged:
        yield objects
        return
    with tempfile.TemporaryDirectory(prefix="tgl-objects-") as made:
        place = Path(made)
        for number, folder in enumerate(folders):
            (place / str(number)).mkdir()
            _link(place / str(number) / "pack", folder / "pack")
        for file in sound:
            link = place / "0" / file.parent.name / file.name
            link.parent.mkdir(exist_ok=True)
            if not link.is_symlink():
                _link(link, file)
        (place / "0" / "info").mkdir()
        others = b"".join(os.fsencode(place / str(number)) + b"\n" for number in range(1, len(folders)))
        (place / "0" / "info" / "alternates").write_bytes(others)  # git reads bytes, and no line ends of Windows
        yield place / "0"


def _link(place: Path, target: Path) -> None:
    """Make a link; on Windows only some users may."""
    try:
        place.symlink_to(target.resolve(), target_is_directory=target.is_dir())
    except OSError as error:
        raise StatisticsFailed(
            f"the damaged objects cannot be set aside: {error.strerror}",
            "install git, which needs none of it",
        ) from error


def _shield() -> None:
    pygit2.settings.enable_strict_hash_verification(False)
    for level in _LEVELS:
        pygit2.settings.search_path[level] = ""


def _summary(repository: pygit2.Repository, sha: str, *, by_file: bool) -> str:
    diff = _diff(repository, sha)
    diff.find_similar(DiffFind.FIND_RENAMES, rename_threshold=50, rename_limit=1000)
    stats = diff.stats
    added, deleted = stats.insertions, stats.deletions
    for delta in diff.deltas:
        if delta.status == DeltaStatus.TYPECHANGE:
            more = _lines_of_other_type(repository, delta)
            added, deleted = added + more[0], deleted + more[1]
    files = stats.files_changed - sum(_is_no_change(delta) for delta in diff.deltas)
    each = "".join(_by_file(diff)) if by_file else ""
    return f"{each} {files} files changed, {added} insertions(+), {deleted} deletions(-)"


def _by_file(diff: pygit2.Diff) -> Iterator[str]:
    """A line for each file, as `git --numstat` writes it for one that was not renamed."""
    for patch in diff:
        if patch is not None:
            _, added, deleted = patch.line_stats
            path = patch.delta.new_file.path.encode("ascii", "backslashreplace").decode()
            yield f"{added}\t{deleted}\t{path.translate(_CONTROLS)}\n"


def _diff(repository: pygit2.Repository, sha: str) -> pygit2.Diff:
    """A commit's diff, from the raw object: libgit2 refuses one whose dates it cannot read (libgit2/pygit2#947)."""
    _, raw = repository.odb.read(sha)
    tree, parents = _tree(repository, raw), parents_of(raw)
    if not parents:
        return tree.diff_to_tree(flags=_FLAGS, context_lines=0, interhunk_lines=0, swap=True)
    return _tree(repository, repository.odb.read(parents[0])[1]).diff_to_tree(tree, _FLAGS, 0, 0)


def _tree(repository: pygit2.Repository, raw: bytes) -> pygit2.Tree:
    return repository[tree_of(raw)].peel(pygit2.Tree)


def _is_no_change(delta: pygit2.DiffDelta) -> bool:
    """True where only bits of the mode differ that git does not look at, as old imports wrote 100664."""
    before, after = delta.old_file, delta.new_file
    return (
        delta.status == DeltaStatus.MODIFIED
        and before.id == after.id
        and _kind_of_file(before.mode) == _kind_of_file(after.mode)
    )


def _kind_of_file(mode: int) -> tuple[int, bool]:
    """What git sees in a mode: the type, and for regular files whether the owner may execute it."""
    return stat.S_IFMT(mode), stat.S_ISREG(mode) and bool(mode & stat.S_IXUSR)


def _lines_of_other_type(repository: pygit2.Repository, delta: pygit2.DiffDelta) -> tuple[int, int]:
    """Lines added and deleted where a link replaced a file: git compares them line by line, libgit2 counts nothing."""
    before, after = _content(repository, delta.old_file), _content(repository, delta.new_file)
    _, added, deleted = pygit2.Patch.create_from(before, after).line_stats
    return added, deleted


def _content(repository: pygit2.Repository, file: pygit2.DiffFile) -> bytes:
    if file.mode == FileMode.COMMIT:
        return f"Subproject commit {file.id}\n".encode()
    return repository[file.id].peel(pygit2.Blob).data


def main() -> None:
    """Run as the counting process: ids on standard input, answers on standard output."""
    _shield()
    try:
        _answer(detached_repository(Path(sys.argv[1])), by_file=_BY_FILE in sys.argv[2:])
    except (pygit2.GitError, KeyError, OSError) as error:
        sys.exit(str(error))
    except MemoryError:
        sys.exit("out of memory")


def _answer(repository: pygit2.Repository, *, by_file: bool) -> None:
    for line in sys.stdin:
        sha = line.rstrip("\n")
        if len(sha) == _SHA_LENGTH:
            sys.stdout.write(f"{sha}\n{_summary(repository, sha, by_file=by_file)}\n")
        else:
            sys.stdout.write(line)
            sys.stdout.flush()
