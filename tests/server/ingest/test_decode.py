"""The two ways of decoding agree: all at once for a good batch, one by one for a refused one."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commits import batch, commit
from tgl_server.errors import InvalidBody
from tgl_server.ingest import decode
from tgl_server.ingest.decode import COLUMNS, prepare_batch, prepare_lines

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
shas = st.binary(min_size=20, max_size=20).map(bytes.hex)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
dates = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 -- the bounds are naive by the strategy's definition
    datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=zones | st.just(UTC),
).map(datetime.isoformat)
counts = st.integers(0, 2**31 - 1)

commits = st.fixed_dictionaries(
    {
        "sha": shas,
        **dict.fromkeys(["author_name", "author_email", "committer_name", "committer_email", "message_title"], texts),
        "commit_date": dates,
        "message_body": st.none() | texts,
        **dict.fromkeys(["additions", "deletions", "files_changed", "parent_count"], counts),
        "is_merge": st.booleans(),
    },
    optional={"author_date": dates, "parents": st.lists(shas, max_size=3)},
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.lists(commits, min_size=1, max_size=5))
def test_a_valid_batch_gives_the_same_rows_both_ways(sent: list[dict[str, Any]]) -> None:
    body = json.dumps(batch(*sent)).encode()
    assert prepare_batch(body) == decode._examine(sent, "0.1.0")
    assert prepare_batch(body).bad == {}


@given(st.lists(commits, min_size=1, max_size=3))
def test_rows_hold_what_was_sent(sent: list[dict[str, Any]]) -> None:
    first = dict(zip(COLUMNS, prepare_batch(json.dumps(batch(*sent)).encode()).rows[0], strict=True))
    assert first["sha"].hex() == sent[0]["sha"]
    assert first["author_name"] == sent[0]["author_name"]
    assert first["author_email"] == sent[0]["author_email"].lower()
    assert first["commit_date"] == datetime.fromisoformat(sent[0]["commit_date"])
    assert first["commit_date"].tzinfo is UTC


@given(st.lists(commits, min_size=1, max_size=5))
def test_lines_give_the_same_rows_as_a_batch(sent: list[dict[str, Any]]) -> None:
    lines = [json.dumps(each).encode() for each in sent]
    assert prepare_lines(lines, "0.1.0") == prepare_batch(json.dumps(batch(*sent)).encode())


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), min_size=1, max_size=4))
def test_a_bad_line_spoils_no_other(garbage: list[bytes]) -> None:
    good = json.dumps(commit("good")).encode()
    prepared = prepare_lines([*garbage, good], None)
    assert len(prepared.rows) == 1
    assert sorted(prepared.bad) == list(range(len(garbage)))


@given(st.sampled_from(sorted(commit())), json_values)
def test_any_value_in_any_field_is_taken_or_explained(field: str, value: object) -> None:
    prepared = prepare_batch(json.dumps(batch(commit("ok"), commit("odd", **{field: value}))).encode())
    assert len(prepared.rows) + len(prepared.bad) + (prepared.shas[0] == prepared.shas[1]) == 2
    assert 0 not in prepared.bad


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_no_batch(body: bytes) -> None:
    with pytest.raises(InvalidBody):
        prepare_batch(body)


@given(st.dictionaries(st.sampled_from(["commits", "client_version", "other"]), json_values))
def test_json_of_any_kind_is_no_batch_or_all_bad(document: dict[str, Any]) -> None:
    try:
        prepared = prepare_batch(json.dumps(document).encode())
    except InvalidBody:
        return
    assert len(prepared.bad) == len(document["commits"])
