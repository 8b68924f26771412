"""What a hostile forge answers: each is put into `Forge.intercept`."""

import os
import subprocess
import time
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

from tests.support.forge import Handler
from tests.support.histories import git

_COMMIT, _BLOB, _DIFFERENCE = 1, 3, 7


def redirects(to: str, *, method: str) -> Callable[[Handler], bool]:
    """Redirect requests of one method: git asks with GET first, and with POST then."""

    def intercept(handler: Handler) -> bool:
        return handler.command == method and handler.answer(302, Location=to + handler.path)

    return intercept


def endless_pack(*, pause_seconds: float = 0, at_once: int = 65_000) -> Callable[[Handler], bool]:
    """Answer the request for objects with a blob that never ends: a first piece of random bytes, then others.

    With a pause, later pieces are of ten bytes.
    """

    def intercept(handler: Handler) -> bool:
        if handler.command != "POST" or not handler.wants_objects:
            return False
        handler.send_response(200)
        handler.send_header("Content-Type", "application/x-git-upload-pack-result")
        handler.begin()
        stream = zlib.compressobj(0)
        handler.send(_packet(b"packfile\n"))
        handler.send(_sideband(b"PACK\x00\x00\x00\x02\x00\x00\x00\x01" + _object_header(1 << 45)))
        size = at_once
        while True:
            piece = stream.compress(os.urandom(size)) + stream.flush(zlib.Z_SYNC_FLUSH)
            for start in range(0, len(piece), 65_000):
                handler.send(_sideband(piece[start : start + 65_000]))
            if pause_seconds:
                time.sleep(pause_seconds)
                size = 10

    return intercept


def endless_words() -> Callable[[Handler], bool]:
    """Answer the request for objects with messages for people, for ever."""

    def intercept(handler: Handler) -> bool:
        if handler.command != "POST" or not handler.wants_objects:
            return False
        handler.send_response(200)
        handler.send_header("Content-Type", "application/x-git-upload-pack-result")
        handler.begin()
        handler.send(_packet(b"packfile\n"))
        while True:
            handler.send(_packet(b"\x02" + b"patience " * 1000 + b"\n"))

    return intercept


def huge_base(path: Path, size: int) -> str:
    """A bare repository with one small commit, packed as the difference to one of so many bytes; its sha."""
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    tree = git(path, "hash-object", "-w", "-t", "tree", os.devnull)
    small = f"tree {tree}\nauthor A <a@b.c> 1 +0000\ncommitter A <a@b.c> 1 +0000\n\nsubject\n".encode()
    huge = small + b"a" * (size - len(small))
    copied = bytes([0xB0, len(small) & 0xFF, len(small) >> 8])  # from the beginning of the base, so many bytes
    delta = _varint(size) + _varint(len(small)) + copied
    base = _object_header(size, _COMMIT) + zlib.compress(huge, 1)
    pack = b"PACK\x00\x00\x00\x02\x00\x00\x00\x02" + base
    pack += _object_header(len(delta), _DIFFERENCE) + _object_id(huge) + zlib.compress(delta)
    command = ["git", "--git-dir", str(path), "index-pack", "--stdin"]
    subprocess.run(command, input=pack + sha1(pack).digest(), check=True, stdout=subprocess.DEVNULL)
    git(path, "update-ref", "refs/heads/main", _object_id(small).hex())
    return _object_id(small).hex()


def _object_id(content: bytes) -> bytes:
    return sha1(b"commit %d\0" % len(content) + content).digest()


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    found = bytearray()
    while number >> 7:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


def _sideband(content: bytes) -> bytes:
    return _packet(b"\x01" + content)


def _object_header(size: int, kind: int = _BLOB) -> bytes:
    """Type and size of a packed object, seven bits a byte after the first four."""
    found, rest = bytearray([(kind << 4) | (size & 15)]), size >> 4
    while rest:
        found[-1] |= 0x80
        found.append(rest & 0x7F)
        rest >>= 7
    return bytes(found)
