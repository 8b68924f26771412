"""The versions of what reads repositories, for reports of problems."""

import shutil
from importlib.metadata import version

import pygit2

from tgl_history.statistics.git_engine import OLDEST_GIT, version_of


def versions() -> dict[str, str]:
    """What there is of git and of libgit2, by name."""
    return {"git": _git(), "libgit2": f"{pygit2.LIBGIT2_VERSION} (pygit2 {version('pygit2')})"}


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        return "none on the PATH"
    version = version_of(found)
    shown = ".".join(map(str, version)) if version > (0,) else "does not run"
    return f"{shown} ({found})" if version >= OLDEST_GIT else f"{shown} ({found}), too old to count lines"
