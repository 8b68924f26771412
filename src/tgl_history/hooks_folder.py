"""The folder in which git looks for a repository's hooks."""

import os
from pathlib import Path

from msgspec import Struct

from tgl_history.errors import UnusableHooksFolder
from tgl_history.opening import common_dir, open_pygit2


class HooksFolder(Struct, frozen=True):
    """The folder of hooks; `home` are the worktree and the shared git directory, links resolved."""

    path: Path
    home: tuple[Path, Path]

    @property
    def shared(self) -> bool:
        """True when the folder is outside of the repository, so that others may use it."""
        return not any(self._place.is_relative_to(each) for each in self.home)

    @property
    def in_worktree(self) -> bool:
        """True when the hooks may be committed, as those of husky are."""
        top, common = self.home
        return self._place.is_relative_to(top) and not self._place.is_relative_to(common)

    @property
    def _place(self) -> Path:
        return self.path.resolve()


def hooks_folder(path: Path) -> HooksFolder:
    """The folder that `git rev-parse --git-path hooks` names; raises the subclasses of `HistoryError`."""
    repository = open_pygit2(path)
    try:
        common = common_dir(Path(repository.path)).resolve()
        configured = [each for each in repository.config.get_multivar("core.hookspath") if each]
        top = Path(repository.workdir).resolve() if repository.workdir else common
    finally:
        repository.free()
    if not configured:
        return HooksFolder(_usable(common / "hooks"), (top, common))
    # Git takes a relative path from the place where hooks run: the top of the worktree.
    folder = (top / os.path.expanduser(configured[-1])).resolve()  # noqa: PTH111 -- leaves an unknown ~user alone
    return HooksFolder(_usable(folder), (top, common))


def _usable(folder: Path) -> Path:
    """The folder, which need not exist; raises `UnusableHooksFolder` for a link to nothing, and for a file."""
    if os.path.lexists(folder) and not folder.is_dir():
        what = "a link to nothing" if folder.is_symlink() else "not a folder"
        raise UnusableHooksFolder(f"{folder} is {what}, so git runs no hooks", "delete it, or make it a folder")
    return folder
