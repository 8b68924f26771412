"""What the demo asks a repository itself: whether there is one, and how much of it the server should have."""

import os
import shutil
import subprocess
from pathlib import Path

from tgl_server.demo import DemoFailed

_PARTS = "HEAD", "objects", "refs"


class NotCounted(DemoFailed):
    """Git did not tell how many commits there are."""


def check_repository(path: Path) -> None:
    """Raises `DemoFailed` where there is clearly none; whether it can be read, the client says."""
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
    """How many commits the branches and a detached HEAD reach, counted by git itself; raises `NotCounted`."""
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
    """As the client reads: the repository at the path whatever GIT_DIR says, no replaced objects and no grafts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        [git, "--no-replace-objects", "-C", str(path), *arguments],
        env={**kept, "GIT_GRAFT_FILE": os.devnull, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
