"""What a power loss or a full disk leaves of a file, and where git keeps the files of a repository."""

from collections.abc import Callable
from pathlib import Path

from tests.support.repositories import git

#: How a file is damaged: its content before, and after.
Damage = Callable[[bytes], bytes]

DAMAGES: dict[str, Damage] = {
    "empty": lambda _: b"",
    "one byte": lambda content: content[:1],
    "cut after a third": lambda content: content[: len(content) // 3],
    "cut before the end": lambda content: content[:-1],
    "filled with NUL": lambda content: bytes(len(content)),
    "NUL from the middle on": lambda content: content[: len(content) // 2] + bytes(len(content) - len(content) // 2),
    "garbage": lambda content: b"\xffgarbage\x80\n" * (len(content) // 10 + 1),
}


def damage(file: Path, how: Damage) -> None:
    """Damage a file, also one that git made read-only."""
    file.chmod(0o644)
    file.write_bytes(how(file.read_bytes()))


def object_file(path: Path, revision: str) -> Path:
    """The file of a loose object in a repository with a worktree."""
    sha = git(path, "rev-parse", revision).decode()
    return path / ".git" / "objects" / sha[:2] / sha[2:]


def unpack(path: Path) -> None:
    """Make every object a file of its own."""
    for pack in sorted((path / ".git" / "objects" / "pack").glob("*.pack")):
        content = pack.read_bytes()
        for part in pack.parent.glob(pack.stem + ".*"):
            part.unlink()
        git(path, "unpack-objects", "-q", data=content)
