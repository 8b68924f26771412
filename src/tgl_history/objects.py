"""Reads objects by id, and survives whatever a power loss made of them.

libgit2 reads the packs only. A loose object that was cut off makes it loop for ever without letting go of Python's
lock (libgit2/libgit2#7342), where no signal and no deadline reaches it; so loose objects are read here.
"""

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from tgl_history.errors import Stopped

_KINDS = {
    b"commit": ObjectType.COMMIT,
    b"tree": ObjectType.TREE,
    b"blob": ObjectType.BLOB,
    b"tag": ObjectType.TAG,
}
_HEADER = re.compile(rb"(commit|tree|blob|tag) (\d{1,18})\0")
_LONGEST_HEADER = 32
_TAGGED = re.compile(rb"object ([0-9a-f]{40})\n")
#: As many levels of borrowed object folders git follows.
_MOST_LEVELS = 5
#: A tag of a tag of a tag: nobody goes as deep, and damage must not make it endless.
_MOST_TAGS = 100


#: No commit or tag that people made has as many bytes: those of an attack are small only while they are compressed.
MOST_BYTES = 64 * 1024 * 1024


class UnreadableObject(Exception):
    """The object is missing, damaged or too large; the text names it."""


class Objects:
    """The objects in a folder and in those that it borrows from."""

    def __init__(self, folder: Path) -> None:
        self._folders = list(with_borrowed(folder))
        self._loose: dict[str, Path] | None = None
        self._is_stopped = False
        self._packs = pygit2.Odb()
        for place in self._folders:
            self._packs.add_backend(pygit2.OdbBackendPack(os.fspath(place)), 1)

    def stop(self) -> None:
        """Let every further read raise `Stopped`; another thread may call it."""
        self._is_stopped = True

    def read(self, sha: bytes) -> tuple[ObjectType, bytes]:
        """Kind and content, which is empty for a file or folder; raises `UnreadableObject`."""
        if self._is_stopped:
            raise Stopped("reading was stopped", "run it again")
        name = sha.hex()
        # Where a file was damaged a pack may have the object whole, and after a repacking it alone has it.
        if (path := self._listed().get(name)) is not None and (found := read_loose(path, MOST_BYTES)) is not None:
            return found
        try:
            kind, content = self._packed(pygit2.Oid(raw=sha))
        except (pygit2.GitError, KeyError, ValueError) as error:
            if (found := self._written_since(name)) is not None:
                return found
            raise UnreadableObject(f"{name} is {'damaged' if path is not None else 'missing'}") from error
        return kind, content

    def _packed(self, oid: pygit2.Oid) -> tuple[ObjectType, bytes]:
        """Kind and content of what is in a pack; its size is looked at before it is unpacked."""
        kind, size = self._packs.read_header(oid)
        if kind not in (ObjectType.COMMIT, ObjectType.TAG):
            return ObjectType(kind), b""
        if size > MOST_BYTES:
            raise UnreadableObject(f"{oid} has {size:,} bytes, more than the {MOST_BYTES:,} that are read")
        return ObjectType(kind), self._packs.read(oid)[1]

    def commit(self, sha: bytes) -> bytes:
        """The content of a commit; raises `UnreadableObject`, also for an object of another kind."""
        kind, content = self.read(sha)
        if kind != ObjectType.COMMIT:
            raise UnreadableObject(f"{sha.hex()} is not a commit")
        return content

    def is_commit(self, sha: str) -> bool:
        """True for a commit; false for any other object, for one that is not here, and for what is no id."""
        try:
            return self.read(pygit2.Oid(hex=sha).raw)[0] == ObjectType.COMMIT
        except (UnreadableObject, ValueError):
            return False

    def beginning(self, prefix: str) -> set[bytes]:
        """The ids of all objects that begin with these hexadecimal digits."""
        found = {bytes.fromhex(name) for name in self._listed() if name.startswith(prefix)}
        for place in self._folders:
            try:
                found.add(pygit2.OdbBackendPack(os.fspath(place)).exists_prefix(prefix).raw)
            except KeyError:
                continue
            except ValueError:  # several: libgit2 does not tell which
                found |= {each.raw for each in self._packs if str(each).startswith(prefix)}
        return found

    def peeled(self, sha: bytes) -> bytes | None:
        """The commit that an id or a chain of annotated tags stands for; None where that is no commit."""
        for _ in range(_MOST_TAGS):
            kind, content = self.read(sha)
            if kind == ObjectType.COMMIT:
                return sha
            tagged = _TAGGED.match(content) if kind == ObjectType.TAG else None
            if tagged is None:
                return None
            sha = bytes.fromhex(tagged[1].decode())
        return None

    def _listed(self) -> dict[str, Path]:
        """The files of loose objects by id, as they were when first asked for."""
        if self._loose is None:
            self._loose = {found.parent.name + found.name: found for found in loose_files(self._folders)}
        return self._loose

    def _written_since(self, name: str) -> tuple[ObjectType, bytes] | None:
        """The loose object, if it came after the folders were listed."""
        for folder in self._folders:
            path = folder / name[:2] / name[2:]
            if (found := read_loose(path, MOST_BYTES)) is not None:
                return found
        return None


def read_loose(path: Path, most: int | None = None) -> tuple[ObjectType, bytes] | None:
    """Kind and content of a loose object; None for a file that is gone, or that is not one whole object.

    One of more than `most` bytes is None as well, and read no further than its header.
    """
    try:
        packed = path.read_bytes()
        unpacker = zlib.decompressobj()
        start = unpacker.decompress(packed, _LONGEST_HEADER)
        header = _HEADER.match(start)
        if header is None:
            return None
        size = int(header[2])
        if most is not None and size > most:
            return None
        # One byte more than promised, so that the end of the stream, with its checksum, is reached.
        content = start[header.end() :] + unpacker.decompress(unpacker.unconsumed_tail, size + 1)
    except (OSError, zlib.error, OverflowError):
        return None
    return (_KINDS[header[1]], content) if unpacker.eof and len(content) == size else None


def loose_files(folders: list[Path]) -> Iterator[Path]:
    """The files of loose objects."""
    for folder in folders:
        for number in range(256):
            try:
                with os.scandir(folder / f"{number:02x}") as entries:
                    yield from (Path(entry.path) for entry in entries if len(entry.name) == 38)
            except OSError:
                continue


def with_borrowed(folder: Path, levels: int = _MOST_LEVELS) -> Iterator[Path]:
    """The folder, and those that its `info/alternates` names."""
    yield folder
    try:
        lines = (folder / "info" / "alternates").read_bytes().splitlines() if levels else []
    except OSError:
        return
    for line in lines:
        # A path may be relative to the folder; one in quotes or with a NUL was never written by git.
        if line and not line.startswith(b"#") and b"\0" not in line:
            yield from with_borrowed(folder / os.fsdecode(line), levels - 1)
