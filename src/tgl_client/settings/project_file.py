"""`repos.yaml` as values: which repositories go where. Reading it is `repos_yaml`'s job, and takes a YAML library."""

from pathlib import Path
from typing import Final

from msgspec import Struct

FILE_NAME: Final = "repos.yaml"


class RepoEntry(Struct, frozen=True, kw_only=True):
    """One repository of the file; `line` is where it begins. At least one of `path` and `git_url` is set."""

    line: int
    project: str
    path: Path | None = None
    repo_id: str | None = None
    git_url: str | None = None
    branches: tuple[str, ...] = ()
    ssh_key: Path | None = None
    username: str | None = None
    password_env: str | None = None
    join_history: bool = False


class ProjectFile(Struct, frozen=True, kw_only=True):
    """The file's content. `lines` tells where a setting stands; `found` is true when nobody named the file."""

    path: Path
    found: bool = False
    lines: dict[str, int]
    api_url: str | None = None
    api_key: str | None = None
    batch_size: int | None = None
    max_retries: int | None = None
    repos: tuple[RepoEntry, ...] = ()

    def __repr__(self) -> str:
        return f"ProjectFile({self.path})"

    @property
    def is_list(self) -> bool:
        """True for a file that says what to push; one that was merely found may hold settings alone."""
        return bool(self.repos) or not self.found or "projects" in self.lines


def find_project_file(start: Path) -> Path | None:
    """`repos.yaml` in a folder or above it, up to the repository that the folder is in."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        if (folder / ".git").exists():
            return None
    return None
