"""What reaches a terminal: nothing that it obeys, but our own colours."""

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.hidden import HIDDEN, hidden_in
from tests.support.histories import make_repository
from tgl_client.terminal.output import note
from tgl_client.terminal.streams import VisibleStream, obeyed, printable


def printed(text: str) -> str:
    file = io.BytesIO()
    stream = VisibleStream(io.TextIOWrapper(file, encoding="utf-8"))
    assert stream.write(text) == len(text)
    stream.flush()
    return file.getvalue().decode()


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_hidden_character_is_printed_by_its_number(kind: str) -> None:
    assert hidden_in(printed(f"main{HIDDEN[kind]}[2Jx")) == []


def test_lines_tabs_and_colours_are_printed_as_they_are() -> None:
    assert printed("\x1b[1;31merror:\x1b[0m a\tb\n") == "\x1b[1;31merror:\x1b[0m a\tb\n"
    assert printed("\x1b[2J\x1b]0;title\x07") == "\\u001b[2J\\u001b]0;title\\u0007"


def test_a_live_display_moves_the_cursor() -> None:
    first = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert obeyed(printable(first)) is first


def test_a_name_that_is_no_text_is_printed_too() -> None:
    assert printed("a\udcffb") == "a\\udcffb"


def test_a_repository_whose_names_are_hostile_prints_nothing_that_is_obeyed(tmp_path: Path) -> None:
    worst = "".join(HIDDEN.values())
    repository = make_repository(tmp_path / f"name{worst}", 1)
    where = {"TGL_URL": "http://127.0.0.1:1", "TGL_API_KEY": "", "TGL_PROJECT": f"p{worst}", "TGL_REPO": f"r{worst}"}
    for arguments in (["push", repository], ["status", repository], ["test", repository, "--json"], ["push", worst]):
        done = tgl(*arguments, cwd=tmp_path, **where)
        assert done.code != 0
        assert done.err + done.out
        assert hidden_in(done.out + done.err) == [], arguments
        if "--json" in arguments:
            json.loads(done.out)


def test_what_threads_print_at_once_does_not_mix_in_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(note, ["whole"] * 4000))
    finally:
        sys.setswitchinterval(interval)
    assert set(capfd.readouterr().err.splitlines()) == {"whole"}
