"""Compression of bodies: processor time of client and server, against the time saved on the network."""

import statistics
import time
import zlib
from collections.abc import Callable

import msgspec
import zstandard

from benchmarks.choices.tables import Row, print_rows
from benchmarks.commits import synthetic_commits
from tgl_protocol.commits import PushBatch
from tgl_server.http.decompression import expansion

_BODIES = 20
_COMMITS = 1000

Pack = Callable[[bytes], bytes]


def compare_compression() -> None:
    """Print medians over bodies of a thousand commits; the server's own code decompresses them."""
    commits = synthetic_commits(_BODIES * _COMMITS, 1)
    cuts = range(0, len(commits), _COMMITS)
    bodies = [msgspec.json.encode(PushBatch(commits[start : start + _COMMITS], "choices")) for start in cuts]
    print_rows(
        "Compression of a thousand commits",
        [_measure(name, encoding, pack, bodies) for name, encoding, pack in _ways()],
    )


def _ways() -> list[tuple[str, str, Pack]]:
    gzip: list[tuple[str, str, Pack]] = [(f"gzip {level}", "gzip", _gzip(level)) for level in (1, 3, 6, 9)]
    zstd: list[tuple[str, str, Pack]] = [
        (f"zstd {level}", "zstd", zstandard.ZstdCompressor(level).compress) for level in (-1, 1, 3, 6, 9)
    ]
    return [("none", "", bytes), *gzip, *zstd]


def _gzip(level: int) -> Pack:
    def pack(body: bytes) -> bytes:
        packer = zlib.compressobj(level=level, wbits=31)
        return packer.compress(body) + packer.flush()

    return pack


def _measure(name: str, encoding: str, pack: Pack, bodies: list[bytes]) -> Row:
    packing, expanding, sizes = [], [], []
    for body in bodies:
        started = time.process_time()
        packed = pack(body)
        packing.append(time.process_time() - started)
        started = time.process_time()
        _expand(encoding, packed)
        expanding.append(time.process_time() - started)
        sizes.append(len(packed))
    client, server = statistics.median(packing) * 1000, statistics.median(expanding) * 1000
    size = statistics.median(sizes)
    return {
        "": name,
        "KB": f"{size / 1000:.0f}",
        "client, ms": f"{client:.1f}",
        "server, ms": f"{server:.1f}",
        "pays below, Mbit/s": _break_even(statistics.median(map(len, bodies)) - size, client + server),
    }


def _expand(encoding: str, packed: bytes) -> int:
    expanded = expansion(encoding)
    size = sum(len(piece) for piece in expanded.expand(packed))
    expanded.finish()
    return size


def _break_even(saved_bytes: float, milliseconds: float) -> str:
    """The speed of the link at which the time saved on it equals the processors' work."""
    return f"{saved_bytes * 8 / 1000 / milliseconds:.0f}" if saved_bytes > 0 and milliseconds else "-"
