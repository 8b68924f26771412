"""Small real repositories for the tests of the client; `repositories` makes odd ones."""

import subprocess
from pathlib import Path


def git(path: Path, *args: str, stdin: bytes | None = None) -> str:
    """Run git; what it printed. Raises an error if it fails."""
    done = subprocess.run(["git", "-C", str(path), *args], input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


def make_repository(path: Path, commits: int = 3, branch: str = "main") -> Path:
    """A repository with a straight line of commits, each adding one line to one file."""
    path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", "-b", branch, str(path)], check=True)
    add_commits(path, commits, branch)
    return path


def add_commits(path: Path, commits: int, branch: str = "main") -> None:
    """More commits on a branch, through one `git fast-import`."""
    known = subprocess.run(
        ["git", "-C", str(path), "rev-parse", "-q", "--verify", branch], capture_output=True, check=False
    )
    parent = known.stdout.decode().strip()
    start = int(git(path, "rev-list", "--count", branch)) if parent else 0
    stream = "".join(
        _commit(branch, number, parent if number == start else "") for number in range(start, start + commits)
    )
    git(path, "fast-import", "--quiet", stdin=stream.encode())


def _commit(branch: str, number: int, parent: str) -> str:
    when = 1_700_000_000 + 60 * number
    text = "".join(f"line {line}\n" for line in range(number + 1)) if number < 50 else f"line {number}\n"
    origin = f"from {parent}\n" if parent else ""
    return (
        f"commit refs/heads/{branch}\ncommitter Ann <Ann@example.com> {when} +0100\n"
        f"data <<END\nChange {number}\nEND\n{origin}M 644 inline notes.txt\ndata {len(text)}\n{text}\n"
    )
