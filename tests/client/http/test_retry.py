"""Waiting times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgl_client.http.retry import MAX_DELAY, next_delay, parse_retry_after

chance = st.floats(0, 1, exclude_max=True)


@given(st.integers(0, 10_000), chance)
def test_a_delay_is_positive_and_bounded(attempt: int, random: float) -> None:
    assert 0 < next_delay(attempt, random) <= MAX_DELAY


@given(st.integers(0, 20), chance)
def test_delays_grow_until_the_bound(attempt: int, random: float) -> None:
    assert next_delay(attempt, random) <= next_delay(attempt + 1, random)


@given(st.integers(0, 20), chance, st.floats(0, 1e6))
def test_retry_after_is_never_shortened(attempt: int, random: float, asked: float) -> None:
    assert asked <= next_delay(attempt, random, asked) <= asked + 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("soon", None),
        ("-3", None),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:02:00 -0000", 20.0),
        ("Thu, 01 Jan 9999 00:00:00 +9999999999999999", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, now=100.0) == seconds
