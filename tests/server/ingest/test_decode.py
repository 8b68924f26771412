"""The two ways of decoding agree: all at once for a good batch, one by one for a refused one."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.commits import batch, commit
from tests.support.strategies import commits
from tgl_protocol.http import JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE
from tgl_server.errors import InvalidBody
from tgl_server.ingest.decode import PreparedBatch, prepare_batch, prepare_lines

REPO = UUID(int=1)
FORMATS: dict[str, Callable[[Any], bytes]] = {
    JSON_MEDIA_TYPE: lambda value: json.dumps(value).encode(),
    MSGPACK_MEDIA_TYPE: msgspec.msgpack.encode,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


both_formats = pytest.mark.parametrize("media_type", FORMATS)


def prepare(document: Any, media_type: str = JSON_MEDIA_TYPE) -> PreparedBatch:
    return prepare_batch(REPO, FORMATS[media_type](document), media_type)


@both_formats
@given(st.lists(commits, min_size=1, max_size=5))
def test_a_valid_batch_gives_the_same_rows_both_ways(media_type: str, sent: list[dict[str, Any]]) -> None:
    prepared = prepare(batch(*sent), media_type)
    # One bad commit, and each is looked at by itself.
    examined = prepare(batch(*sent, commit("bad", additions=-1)), media_type)
    assert (examined.rows, examined.client_version) == (prepared.rows, prepared.client_version)
    assert (prepared.bad, list(examined.bad)) == ({}, [len(sent)])


@given(st.lists(commits, min_size=1, max_size=5))
def test_lines_give_the_same_rows_as_a_batch(sent: list[dict[str, Any]]) -> None:
    lines = [json.dumps(each).encode() for each in sent]
    assert prepare_lines(REPO, lines, "0.1.0") == prepare(batch(*sent))


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), min_size=1, max_size=4))
def test_a_bad_line_spoils_no_other(garbage: list[bytes]) -> None:
    good = json.dumps(commit("good")).encode()
    prepared = prepare_lines(REPO, [*garbage, good], None)
    assert len(prepared.rows) == 1
    assert sorted(prepared.bad) == list(range(len(garbage)))


@both_formats
@given(st.sampled_from(sorted(commit())), json_values)
def test_any_value_in_any_field_is_taken_or_explained(media_type: str, field: str, value: object) -> None:
    assume(media_type == JSON_MEDIA_TYPE or _fits_in_64_bits(value))
    prepared = prepare(batch(commit("ok"), commit("odd", **{field: value})), media_type)
    assert len(prepared.rows) + len(prepared.bad) + (prepared.shas[0] == prepared.shas[1]) == 2
    assert 0 not in prepared.bad


@both_formats
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_no_batch(media_type: str, body: bytes) -> None:
    with pytest.raises(InvalidBody):
        prepare_batch(REPO, body, media_type)


@given(st.dictionaries(st.sampled_from(["commits", "client_version", "other"]), json_values))
def test_json_of_any_kind_is_no_batch_or_all_bad(document: dict[str, Any]) -> None:
    try:
        prepared = prepare(document)
    except InvalidBody:
        return
    assert len(prepared.bad) == len(document["commits"])


def _fits_in_64_bits(value: object) -> bool:
    """MessagePack has no longer integers."""
    if isinstance(value, list):
        return all(_fits_in_64_bits(each) for each in value)
    return not isinstance(value, int) or -(2**63) <= value < 2**64
