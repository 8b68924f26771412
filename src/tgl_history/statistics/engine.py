"""The choice of what counts lines: git, the reference, where one is recent enough, and libgit2 otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from tgl_history.errors import StatisticsFailed
from tgl_history.statistics import git_engine, pygit2_engine
from tgl_history.statistics.workers import Command


class Engine(StrEnum):
    """The engines that count lines."""

    GIT = "git"
    PYGIT2 = "pygit2"


def default_engine() -> Engine:
    """The git engine where a usable git is found: it is the reference, and several times faster."""
    return Engine.GIT if git_engine.usable_git() else Engine.PYGIT2


@contextmanager
def counting_command(engine: Engine, object_folder: Path, *, by_file: bool = False) -> Iterator[Command]:
    """The command that workers run, as long as the block lasts; raises `StatisticsFailed` without a usable git.

    With `by_file` it says of each file as well how many lines changed.
    """
    if engine is Engine.PYGIT2:
        with pygit2_engine.sound_objects(object_folder) as objects:
            yield pygit2_engine.count_lines(objects, by_file=by_file)
        return
    git = git_engine.usable_git()
    if git is None:
        oldest = ".".join(map(str, git_engine.OLDEST_GIT))
        raise StatisticsFailed(f"no git {oldest} or later is on the PATH", "install it, or use --engine pygit2")
    yield git_engine.diff_tree(git, object_folder, by_file=by_file)
