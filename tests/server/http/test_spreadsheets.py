"""No cell of a table runs as a formula, wherever the program that opens it sees the cells begin."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from tgl_server.http.spreadsheets import csv_lines, defused

STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
SEPARATORS = (",", ";", "\t", "|")
#: What programs take away in front of a formula.
IGNORED = ' \t"\xa0\u3000\u200b\ufeff'
TEXTS = st.lists(
    st.sampled_from([*STARTS, *SEPARATORS, *IGNORED, "\r", "\n", "'", "a", "1", "cmd|' /C calc'!A0", "\u2028"])
).map("".join)


class Row(Struct):
    """A row of two cells, as an attacker fills them."""

    one: str
    two: str


def cells(written: str, separator: str) -> list[str]:
    """Each cell that a program might see: by the rules of CSV, and by looking for separators and line ends alone."""
    found = [cell for line in written.splitlines() for cell in line.split(separator)]
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
        found += row
    return found


@given(TEXTS, TEXTS)
def test_no_cell_begins_as_a_formula_whatever_separates_cells(one: str, two: str) -> None:
    written = csv_lines([Row(one, two)], ("one", "two")).decode()
    for separator in SEPARATORS:
        begun = [cell for cell in cells(written, separator) if cell.lstrip(IGNORED).startswith(STARTS)]
        assert begun == [], separator


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    "before", ["", " ", ";", "x;", "x; ", "x,", "x\t", "x\n", "x\r\n", '";', "\ufeff", ";;", "x;\xa0"]
)
def test_a_formula_gets_an_apostrophe(before: str, start: str) -> None:
    text = f"{before}{start}cmd()"
    assert defused(text).replace("'", "") == text
    assert defused(text).count("'") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mozilla/5.0 (X11; Linux x86_64) like Gecko",
        "a=b",
        "::1",
        "2026-01-02T00:00:00+00:00",
        "ada+league@example.com",
        '{"changed":{"name":{"from":"a - b","to":"x=y"}}}',
        "one - two",
    ],
)
def test_what_no_program_runs_is_left_as_it_is(text: str) -> None:
    assert defused(text) == text
