"""Cuts a stream of commits into batches, by count and by bytes; each commit is encoded once."""

import zlib
from collections.abc import AsyncGenerator, Generator, Iterable
from typing import Final

import msgspec
from msgspec import Struct

from tgl_protocol import __version__
from tgl_protocol.commits import Commit

#: Bytes on the wire: 1 MB is what common proxies let pass (nginx's `client_max_body_size`).
WIRE_BYTES: Final = 1_000_000

#: Commits pack to about a quarter with gzip; a batch that packs worse is split before it is sent.
PACKED_RATIO: Final = 3

_HEAD = b'{"commits":['
_TAIL = b'],"client_version":"tgl/' + __version__.encode() + b'"}'
_FRAME = len(_HEAD) + len(_TAIL)


class BatchLimits(Struct, frozen=True):
    """The most that one request may hold: commits, and bytes before compression."""

    commits: int
    body_bytes: int


class Batch(Struct, frozen=True):
    """Some commits in the order sent, and their JSON."""

    shas: list[str]
    encoded: list[bytes]

    def body(self) -> bytes:
        """The JSON of a `PushBatch`."""
        return _HEAD + b",".join(self.encoded) + _TAIL

    def __len__(self) -> int:
        return len(self.shas)

    def halves(self) -> tuple["Batch", "Batch"]:
        """Two batches in the same order; only for more than one commit."""
        middle = len(self.shas) // 2
        return (
            Batch(self.shas[:middle], self.encoded[:middle]),
            Batch(self.shas[middle:], self.encoded[middle:]),
        )


#: Batches as they are read from a history.
Batches = AsyncGenerator[Batch, None]


class Payload(Struct, frozen=True):
    """A body as it travels, with its `Content-Encoding`."""

    body: bytes
    encoding: str | None = None


def gzip_packer() -> "zlib._Compress":
    """A gzip compressor at level 1: commits shrink to a quarter, and higher levels take far longer for a tenth more."""
    return zlib.compressobj(level=1, wbits=31)


def pack(body: bytes, *, compress: bool) -> Payload:
    """A body as it travels, compressed when asked to."""
    if not compress:
        return Payload(body)
    packer = gzip_packer()
    return Payload(packer.compress(body) + packer.flush(), "gzip")


def cut(commits: Iterable[Commit], limits: BatchLimits) -> Generator[Batch, None, None]:
    """Batches as large as the limits allow; a single commit above the byte limit goes alone."""
    encoder = msgspec.json.Encoder()
    batch = Batch([], [])
    size = _FRAME
    for commit in commits:
        encoded = encoder.encode(commit)
        full = len(batch) == limits.commits or size + len(encoded) >= limits.body_bytes
        if full and len(batch):
            yield batch
            batch, size = Batch([], []), _FRAME
        batch.shas.append(commit.sha)
        batch.encoded.append(encoded)
        size += len(encoded) + 1
    if len(batch):
        yield batch
