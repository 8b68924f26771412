"""What a hostile forge answers: each is put into `Forge.intercept`."""

import os
import time
import zlib
from collections.abc import Callable

from tests.support.forge import Handler

_BLOB = 3


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


def _packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


def _sideband(content: bytes) -> bytes:
    return _packet(b"\x01" + content)


def _object_header(size: int) -> bytes:
    """Type and size of a packed object, seven bits a byte after the first four."""
    found, rest = bytearray([(_BLOB << 4) | (size & 15)]), size >> 4
    while rest:
        found[-1] |= 0x80
        found.append(rest & 0x7F)
        rest >>= 7
    return bytes(found)
