"""The demo's own questions to the repository: whether it exists, and how many commits the server should have."""

import os
import shutil
import subprocess
from pathlib import Path

from tgl_server.demo import DemoFailed

_PARTS = "HEAD", "objects", "refs"


class NotCounted(DemoFailed):
    """Git did not say how many commits there are."""


def check_repository(path: Path) -> None:
    """Raises `DemoFailed` if the path is clearly no repository; the client says whether it can be read."""
    try:
        if not path.exists():
            raise DemoFailed(f"{path} does not exist; give the path of a clone")
        if not path.is_dir():
            raise DemoFailed(f"{path} is not a folder; give the path of a clone")
        if not any(_is_repository(folder) for folder in (path, *path.parents)):
            raise DemoFailed(f"{path} is not a Git repository; give the path of a clone, or run `git init` there first")
    except OSError as error:
        raise DemoFailed(f"cannot look into {path}: {error.strerror}; choose a path that you may read") from None


def _is_repository(folder: Path) -> bool:
    return (folder / ".git").exists() or all((folder / part).exists() for part in _PARTS)


def reachable_commits(path: Path) -> int:
    """The number of commits that the branches and a detached HEAD reach, by git itself; raises `NotCounted`."""
    git = shutil.which("git")
    if git is None:
        raise NotCounted("it is not installed")
    on_branch = _ask(git, path, "symbolic-ref", "--quiet", "HEAD").returncode == 0
    counted = _ask(git, path, "rev-list", "--count", "--branches", *([] if on_branch else ["HEAD"]))
    if counted.returncode != 0:
        said = counted.stderr.strip().splitlines() or [f"status {counted.returncode}"]
        raise NotCounted(f"`git rev-list` failed: {said[0]}")
    return int(counted.stdout)


def _ask(git: str, path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git as the client reads: the repository at the path despite GIT_DIR, without replaced objects and grafts.

    A bare repository works even if the user's `safe.bareRepository` is `explicit`: the user has named the path.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        [git, "-c", "safe.bareRepository=all", "--no-replace-objects", "-C", str(path), *arguments],
        env={**kept, "GIT_GRAFT_FILE": os.devnull, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
