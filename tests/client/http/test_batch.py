"""Batches hold every commit once, in order, within the limits."""

import zlib
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tgl_client.http.batch import Batch, BatchLimits, cut, pack
from tgl_protocol.commits import Commit, PushBatch


def commit(number: int, body: str = "") -> Commit:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return Commit(f"{number:040x}", "Ann", "a@x", "Ann", "a@x", when, "Title", 1, 2, 3, False, 1, body)


@given(st.lists(st.integers(0, 2_000), max_size=30), st.integers(1, 10), st.integers(500, 5_000))
def test_nothing_is_lost_and_no_limit_is_passed(bodies: list[int], count: int, size: int) -> None:
    commits = [commit(number, "x" * length) for number, length in enumerate(bodies)]
    batches = list(cut(commits, BatchLimits(count, size)))
    sent = [each for batch in batches for each in msgspec.json.decode(batch.body(), type=PushBatch).commits]
    assert sent == commits
    assert all(len(batch) <= count for batch in batches)
    assert all(len(batch.body()) <= size or len(batch) == 1 for batch in batches)


def test_a_batch_names_the_client() -> None:
    [batch] = cut([commit(1)], BatchLimits(10, 1_000))
    version = msgspec.json.decode(batch.body(), type=PushBatch).client_version
    assert version is not None
    assert version.startswith("tgl/")


def test_halves_keep_the_order() -> None:
    first, second = Batch(["1", "2", "3"], [b"a", b"b", b"c"]).halves()
    assert (first.shas + second.shas, first.encoded + second.encoded) == (["1", "2", "3"], [b"a", b"b", b"c"])


def test_packed_bodies_are_gzip() -> None:
    packed = pack(b"commits " * 100, compress=True)
    assert packed.encoding == "gzip"
    assert zlib.decompress(packed.body, wbits=31) == b"commits " * 100
    assert pack(b"x", compress=False).encoding is None
