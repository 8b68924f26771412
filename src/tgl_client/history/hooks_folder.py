"""Where git looks for a repository's hooks."""

import os
from pathlib import Path

from msgspec import Struct

from tgl_client.history.opening import common_dir, open_pygit2


class HooksFolder(Struct, frozen=True):
    """`shared` when `core.hooksPath` leads out of the repository, so that a hook there would run for others too."""

    path: Path
    shared: bool


def hooks_folder(path: Path) -> HooksFolder:
    """As `git rev-parse --git-path hooks` says; raises the subclasses of `HistoryError`."""
    repository = open_pygit2(path)
    try:
        common = common_dir(Path(repository.path)).resolve()
        configured = [each for each in repository.config.get_multivar("core.hookspath") if each]
        top = Path(repository.workdir).resolve() if repository.workdir else common
    finally:
        repository.free()
    if not configured:
        return HooksFolder(common / "hooks", shared=False)
    # Git takes a relative path from the place where hooks run: the top of the worktree.
    folder = (top / os.path.expanduser(configured[-1])).resolve()  # noqa: PTH111 -- leaves an unknown ~user alone
    return HooksFolder(folder, shared=not (folder.is_relative_to(top) or folder.is_relative_to(common)))
