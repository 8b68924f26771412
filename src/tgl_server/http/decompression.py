"""Decompression of gzip and zstd in bounded pieces, so that a caller who counts them can stop a decompression bomb."""

import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard

from tgl_server.errors import InvalidBody, UnsupportedEncoding

CONTENT_ENCODINGS = ("gzip", "zstd")

_PIECE = 256 * 1024
# zstd has no limit for its output, and turns 4 bytes into up to 128 KiB: 256 bytes give at most 8 MiB.
_ZSTD_STEP = 256
# A frame may ask for a window of gigabytes; 8 MiB is what RFC 8878 recommends to support.
_ZSTD_WINDOW = 8 * 1024 * 1024
# A gzip body may be several members in a row, and a zstd body several frames; each costs us work and may be empty.
_MAX_PARTS = 100


class Expansion(Protocol):
    """The decompression of one body: `expand` each chunk as it comes, then `finish`."""

    def expand(self, chunk: bytes) -> Iterator[bytes]:
        """Decompressed pieces of bounded size; raises a 422 error for invalid data."""

    def finish(self) -> None:
        """Raises a 422 error if the body was cut off."""


def expansion(encoding: str) -> Expansion:
    """The expansion for a `Content-Encoding`; raises a 415 error for an unsupported one."""
    if encoding in ("", "identity"):
        return _Identity()
    if encoding == "gzip":
        return _Parts("gzip", _GzipMember)
    if encoding == "zstd":
        return _Parts("zstd", _ZstdFrame)
    raise UnsupportedEncoding


class _Identity:
    def expand(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        pass


class _Part(Protocol):
    rest: bytes | None

    def expand(self, data: bytes) -> Iterator[bytes]: ...


class _Parts:
    """The expansion of gzip members or zstd frames in a row, until the body ends."""

    def __init__(self, name: str, part_type: type["_GzipMember | _ZstdFrame"]) -> None:
        self._name = name
        self._part_type = part_type
        self._part: _Part | None = None
        self._left = _MAX_PARTS

    def expand(self, chunk: bytes) -> Iterator[bytes]:
        data: bytes | None = chunk
        while data:
            part = self._part = self._part or self._next()
            try:
                yield from part.expand(data)
            except (zlib.error, zstandard.ZstdError):
                raise InvalidBody(f"The body is not valid {self._name}.") from None
            data = part.rest
            if data is not None:
                self._part = None

    def finish(self) -> None:
        if self._part is not None:
            raise InvalidBody(f"The body ends in the middle of its {self._name} data; it was cut off.")

    def _next(self) -> "_GzipMember | _ZstdFrame":
        if not self._left:
            raise InvalidBody(f"The body has more than {_MAX_PARTS} {self._name} parts; send one.")
        self._left -= 1
        return self._part_type()


class _GzipMember:
    """One gzip member; `rest` is what follows its end, None before it."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)
        self.rest: bytes | None = None

    def expand(self, data: bytes) -> Iterator[bytes]:
        piece = b"more"
        while piece:
            piece = self._stream.decompress(data, _PIECE)
            yield piece
            # The tail may be empty while zlib still holds output: only an empty piece says that there is no more.
            data = self._stream.unconsumed_tail
        if self._stream.eof:
            self.rest = self._stream.unused_data


class _ZstdFrame:
    """One zstd frame; `rest` is what follows its end, None before it."""

    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self.rest: bytes | None = None

    def expand(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_STEP):
            yield self._stream.decompress(data[start : start + _ZSTD_STEP])
            if self._stream.eof:
                self.rest = self._stream.unused_data + data[start + _ZSTD_STEP :]
                return
