"""Which characters a terminal obeys, and how a text is shown without them."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hidden import HIDDEN, hidden_in
from tgl_protocol.visible import is_visible, visible


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_hidden_character_is_shown_by_its_number(kind: str) -> None:
    shown = visible(f"ad{HIDDEN[kind]}min")
    assert hidden_in(shown) == []
    assert json.loads(f'"{shown}"') == f"ad{HIDDEN[kind]}min"


@pytest.mark.parametrize(
    "name",
    ["Ada Lovelace", "Ünïcödé", "项目", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "👩\u200d💻", "a\u00a0b"],
)
def test_what_people_write_stays_as_it_is(name: str) -> None:
    assert visible(name) == name
    assert all(map(is_visible, name))


@given(st.text(st.characters(codec=None)))
def test_nothing_that_a_terminal_obeys_is_left_of_any_text(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert [each for each in shown if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")] == []
    assert hidden_in(visible(text, keep="\n\t")) == []
