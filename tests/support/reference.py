"""The reference that both engines are compared with: the counts of git itself."""

import re
from pathlib import Path

from tests.support.repositories import git
from tgl_history import Engine, GeneratedFiles, open_repository
from tgl_protocol.commits import Commit

_SHORTSTAT = re.compile(
    r"(\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?",
)

#: Files changed, additions, deletions.
Counts = tuple[int, int, int]


def shortstat(path: Path, *revisions: str) -> dict[str, Counts]:
    """The counts of `git log --shortstat`, by commit."""
    text = git(path, "log", "--no-color", "--shortstat", "--format=@%H", *(revisions or ("--branches",))).decode()
    found = {}
    for block in text.split("@")[1:]:
        numbers = _SHORTSTAT.search(block)
        found[block[:40]] = (
            (int(numbers[1]), int(numbers[2] or 0), int(numbers[3] or 0)) if numbers is not None else (0, 0, 0)
        )
    return found


def rev_list(path: Path, *revisions: str) -> list[str]:
    """The shas of `git rev-list`, newest first."""
    return git(path, "rev-list", *(revisions or ("--branches",))).decode().split()


def counts(commits: list[Commit]) -> dict[str, Counts]:
    """The counts of our commits, in the form of `shortstat`."""
    return {found.sha: (found.files_changed, found.additions, found.deletions) for found in commits}


def read_all(path: Path, engine: Engine | None = None, jobs: int = 0, *, by_file: bool = False) -> list[Commit]:
    """Every commit of every branch, as `tgl_history` reads it; with `by_file` the lines of generated files too."""
    with open_repository(path) as repository:
        walk = repository.walk(repository.tips().values())
        return list(
            repository.commits(walk.shas, engine=engine, jobs=jobs, generated=GeneratedFiles() if by_file else None)
        )
