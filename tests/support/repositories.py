"""Repositories made for tests, quickly: one `git fast-import` stream each, whatever their size.

Every factory takes the path to create and returns it. The user's own configuration takes no part.
"""

import os
import random
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

#: A world of its own for the git of the tests: nobody's configuration, and nothing that asks questions.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "A U Thor",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_COMMITTER_NAME": "C O Mitter",
    "GIT_COMMITTER_EMAIL": "committer@example.com",
    "GIT_AUTHOR_DATE": "1700000000 +0100",
    "GIT_COMMITTER_DATE": "1700000000 +0100",
    "LC_ALL": "C",
}
_START = 1_600_000_000


def git(path: Path, *args: str, data: bytes = b"", **variables: str) -> bytes:
    """Run git in `path`, with more environment variables; what it printed, without the last newline."""
    done = subprocess.run(
        ["git", "-C", os.fspath(path), *args],
        input=data,
        env=ENVIRONMENT | variables,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.removesuffix(b"\n")


def empty_repository(path: Path, *, bare: bool = False) -> Path:
    """A repository without commits; `main` is unborn."""
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "-q", "--initial-branch=main", *(["--bare"] if bare else []))
    return path


def imported(path: Path, stream: Iterable[bytes], *, bare: bool = False) -> Path:
    """A repository from a fast-import stream. Its worktree stays empty."""
    empty_repository(path, bare=bare)
    git(path, "fast-import", "--quiet", "--force", data=b"".join(stream))
    return path


def linear_repository(path: Path, commits: int = 10, *, branch: str = "main", bare: bool = False) -> Path:
    """A repository with one branch; the n-th commit adds line n to one file."""
    ref = f"refs/heads/{branch}"
    return imported(path, (_linear_commit(ref, number) for number in range(1, commits + 1)), bare=bare)


def _linear_commit(ref: str, number: int) -> bytes:
    content = b"".join(b"line %d\n" % line for line in range(max(1, number - 50), number + 1))
    return commit(ref, number, message=f"Change {number}", files={"file.txt": content}, first=number == 1)


def commit(
    ref: str,
    number: int,
    *,
    message: str = "",
    files: dict[str, bytes] | None = None,
    operations: Sequence[bytes] = (),
    author: str | None = None,
    parent: int | None = None,
    merged: Sequence[int] = (),
    first: bool = False,
) -> bytes:
    """One commit of a fast-import stream, marked `number`; after `parent`, or else on top of `ref`."""
    who = author or f"Author {number % 7} <author{number % 7}@example.com>"
    text = (message or f"Commit {number}\n\nIts body.\n").encode()
    head = [
        *([f"reset {ref}".encode()] if first else []),
        f"commit {ref}".encode(),
        f"mark :{number}".encode(),
        f"author {who} {_START + number * 60} +0200".encode(),
        f"committer {who} {_START + number * 60 + 5} +0000".encode(),
        b"data %d\n%s" % (len(text), text),
        *([b"from :%d" % parent] if parent is not None else []),
        *(b"merge :%d" % mark for mark in merged),
        *operations,
    ]
    blobs = [b"M 100644 inline %s\ndata %d\n%s" % (name.encode(), len(data), data) for name, data in _items(files)]
    return b"\n".join([*head, *blobs]) + b"\n"


def _items(files: dict[str, bytes] | None) -> Iterable[tuple[str, bytes]]:
    return (files or {}).items()


def tip_of(path: Path, branch: str = "main") -> str:
    """The commit that a branch points to."""
    return git(path, "rev-parse", f"refs/heads/{branch}").decode()


def raw_commit(
    path: Path,
    *,
    author: bytes = b"A U Thor <author@example.com> 1700000000 +0100",
    committer: bytes = b"C O Mitter <committer@example.com> 1700000000 +0100",
    headers: bytes = b"",
    message: bytes = b"Title\n",
    parents: Sequence[str] = (),
    tree: str = "",
) -> bytes:
    """A commit object with whatever bytes a test needs; its tree is empty unless named."""
    tree_id = git(path, "rev-parse", tree) if tree else git(path, "mktree")
    lines = [b"tree " + tree_id, *(f"parent {parent}".encode() for parent in parents)]
    return b"\n".join([*lines, b"author " + author, b"committer " + committer]) + b"\n" + headers + b"\n" + message


def add_commit(path: Path, raw: bytes, *, branch: str = "main") -> str:
    """Stores an object that git itself would not write, and lets a branch point to it."""
    sha = git(path, "hash-object", "-t", "commit", "--literally", "-w", "--stdin", data=raw).decode()
    git(path, "update-ref", f"refs/heads/{branch}", sha)
    return sha


def random_repository(
    path: Path, commits: int = 5000, *, merges: bool = True, seed: int = 0, bare: bool = False
) -> Path:
    """A repository with side branches: edits, renames, binary files, deletions, mode changes and, if wanted, merges."""
    return imported(path, _RandomHistory(random.Random(seed), merges=merges).stream(commits), bare=bare)


class _RandomHistory:
    """Grows one branch; side branches leave it for a few commits and come back by a merge."""

    def __init__(self, chance: random.Random, *, merges: bool) -> None:
        self._chance = chance
        self._merges = merges
        self._files: dict[str, bytes] = {}
        self._names = 0

    def stream(self, commits: int) -> Iterable[bytes]:
        number, main = 1, 1
        yield self._commit("refs/heads/main", 1, first=True)
        while number < commits:
            if self._merges and number > 5 and commits - number > 6 and self._chance.random() < 0.15:
                side = number + 1
                yield self._side(side, main)
                number, main = side + 1, side + 1
                yield commit("refs/heads/main", number, parent=number - 2, merged=[side], message="Merge side\n")
            else:
                number += 1
                yield self._commit("refs/heads/main", number, parent=main)
                main = number

    def _side(self, number: int, main: int) -> bytes:
        name = f"side/{number}.txt"
        return commit(f"refs/heads/side-{number % 5}", number, parent=main, files={name: self._text()})

    def _commit(self, ref: str, number: int, *, parent: int | None = None, first: bool = False) -> bytes:
        operations: list[bytes] = []
        changed: dict[str, bytes] = {}
        for _ in range(self._chance.randint(1, 4)):
            self._change(operations, changed)
        return commit(ref, number, parent=parent, first=first, operations=operations, files=changed)

    def _change(self, operations: list[bytes], changed: dict[str, bytes]) -> None:
        kind = self._chance.choices(["add", "edit", "rename", "delete", "binary"], [3, 8, 2, 1, 1])[0]
        settled = [name for name in self._files if name not in changed]
        if kind in ("add", "binary") or not settled:
            self._names += 1
            name = f"dir{self._names % 9}/file{self._names}"
            changed[name] = self._chance.randbytes(500) + b"\0" if kind == "binary" else self._text()
        else:
            name = self._chance.choice(settled)
            content = self._files.pop(name)
            if kind == "delete":
                operations.append(f"D {name}".encode())
                return
            if kind == "rename":
                operations.append(f"D {name}".encode())
                self._names += 1
                name = f"renamed/file{self._names}"
            changed[name] = self._edited(content)
        self._files[name] = changed[name]

    def _text(self) -> bytes:
        return b"".join(b"%x\n" % self._chance.getrandbits(24) for _ in range(self._chance.randint(0, 60)))

    def _edited(self, content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        for _ in range(self._chance.randint(1, 5)):
            at = self._chance.randint(0, len(lines))
            lines[at : at + self._chance.randint(0, 3)] = [b"%x\n" % self._chance.getrandbits(24)]
        return b"".join(lines)
