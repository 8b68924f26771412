"""Drawings: what they say to whom does not see them, and their scales."""

import re

import pytest

from tgl_server.web import charts


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ([], 2),
        ([0], 2),
        ([1, 2], 2),
        ([3], 4),
        ([5], 6),
        ([9], 10),
        ([11], 20),
        ([159], 200),
        ([5559], 6000),
        ([60_001], 80_000),
    ],
)
def test_a_scale_ends_at_a_round_number_that_no_value_exceeds(values: list[int], end: int) -> None:
    assert charts.round_end(values) == end
    assert end % 2 == 0


def test_a_gap_has_no_column_and_the_least_value_has_one() -> None:
    drawn = charts.columns([0, 1, 1000], [], "a sentence", ["none", "one", "many"])
    (path,) = re.findall(r'<path class="mark-up" d="([^"]*)"', drawn)
    assert re.findall(r"M(\d+),200v(-\d+)", path) == [("11", "-1"), ("21", "-200")]


def test_what_is_written_beside_a_column_is_text() -> None:
    drawn = charts.columns([1], [], '"><script>', ["<b>"])
    assert ("<script>" in drawn, "<b>" in drawn, "&lt;b&gt;" in drawn) == (False, False, True)


def test_a_trend_says_each_number() -> None:
    assert 'aria-label="Uses: 0, 1,200"' in charts.bars((0, 1200), "Uses")
