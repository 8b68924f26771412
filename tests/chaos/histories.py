"""A history that grows while it is pushed, and clones of it that stand at random points.

Every branch only ever gains commits, so whatever a clone has pushed is behind the tips in the end: what must be stored
is what git itself lists behind them.
"""

import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.histories import git

_FILES = 20
_BEGAN = 1_700_000_000


@dataclass(frozen=True)
class Expected:
    """Of one repository, as git has it: title and parents by sha, and the branch tips."""

    commits: dict[str, tuple[str, tuple[str, ...]]]
    refs: dict[str, str]


class Origin:
    """The repository that all clones take their objects from."""

    def __init__(self, path: Path, branches: Sequence[str]) -> None:
        """`main`, which everybody has, gets merges; each of the others grows beside it."""
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
        self.path = path
        self.commits = 0
        self._branches = branches
        self._is_empty = True

    def grow(self, length: int) -> None:
        """So many commits on `main` and a tenth of that on each other branch, merged now and then."""
        stream: list[str] = []
        begin = "" if self._is_empty else "from refs/heads/main^0\n"
        marks = [self._commit(stream, "main", begin)]
        for _ in range(length - 1):
            marks.append(self._commit(stream, "main", f"from :{marks[-1]}\n"))
            if len(marks) % 17 == 0:
                side = self._commit(stream, "side", f"from :{marks[-9]}\n")
                marks.append(self._commit(stream, "main", f"from :{marks[-1]}\nmerge :{side}\n"))
        for branch in self._branches:
            begin = f"from :{marks[0]}\n" if self._is_empty else f"from refs/heads/{branch}^0\n"
            for _ in range(max(1, length // 10)):
                begin = f"from :{self._commit(stream, branch, begin)}\n"
        git(self.path, "fast-import", "--quiet", "--force", stdin="".join(stream).encode())
        self._is_empty = False

    def _commit(self, stream: list[str], branch: str, parents: str) -> int:
        self.commits += 1
        number = self.commits
        text = f"{branch} {number}\n" * (1 + number % 5)
        stream.append(
            f"commit refs/heads/{branch}\nmark :{number}\n"
            f"author Ann <Ann{number % 7}@example.com> {_BEGAN + 60 * number} +0100\n"
            f"committer Bob <bob@example.com> {_BEGAN + 61 * number} -0330\n"
            f"data <<END\nChange {number} of {branch}\n\nWith a body for {number}.\nEND\n{parents}"
            f"M 644 inline src/{number % _FILES}.txt\ndata {len(text)}\n{text}\n"
        )
        return number

    def expected(self, branches: Sequence[str]) -> Expected:
        """What has to be stored where these branches were pushed."""
        refs = [f"refs/heads/{branch}" for branch in branches]
        lines = git(self.path, "log", "--format=%H%x00%s%x00%P", *refs, "--").splitlines()
        split = [line.split("\x00") for line in lines]
        tips = git(self.path, "for-each-ref", "--format=%(refname) %(objectname)", *refs).splitlines()
        return Expected(
            {sha: (title, tuple(parents.split())) for sha, title, parents in split},
            dict(line.split(" ") for line in tips),
        )


class Clone:
    """A repository of a pusher's own, with some of the branches; the objects are the origin's."""

    def __init__(self, path: Path, origin: Origin, branches: Sequence[str]) -> None:
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
        (path / "objects" / "info" / "alternates").write_text(f"{origin.path / 'objects'}\n")
        self.path = path
        self.branches = branches
        self._origin = origin

    def stand_somewhere(self, chance: random.Random) -> None:
        """Each branch at any of its commits, often its tip; some are not there at all. Tips move back as well."""
        here = [branch for branch in self.branches if chance.random() < 0.8] or [self.branches[0]]
        self._set({branch: self._point(branch, chance) for branch in here})

    def stand_at_tips(self) -> None:
        """Everything that there is."""
        self._set({branch: git(self._origin.path, "rev-parse", f"refs/heads/{branch}") for branch in self.branches})

    def _point(self, branch: str, chance: random.Random) -> str:
        shas = git(self._origin.path, "rev-list", f"refs/heads/{branch}").splitlines()
        return shas[0] if chance.random() < 0.5 else chance.choice(shas)

    def _set(self, points: dict[str, str]) -> None:
        gone = [branch for branch in self.branches if branch not in points]
        told = [f"update refs/heads/{branch} {sha}\n" for branch, sha in points.items()]
        told += [f"delete refs/heads/{branch}\n" for branch in gone]
        git(self.path, "update-ref", "--stdin", stdin="".join(told).encode())
