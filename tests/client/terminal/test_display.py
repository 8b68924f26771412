"""The progress display, without a terminal; what it looks like in one was looked at by hand."""

import sys

import pytest

from tgl_client.terminal.display import BarProgress, LineProgress, QuietProgress, choose_progress
from tgl_client.terminal.progress import Phase


class Terminal:
    """Says that somebody is watching."""

    def isatty(self) -> bool:
        return True


def test_a_live_bar_is_for_watched_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(choose_progress(quiet=False, environ={"TERM": "xterm"}), BarProgress)
    assert isinstance(choose_progress(quiet=False, environ={"CI": "true"}), LineProgress)
    assert isinstance(choose_progress(quiet=False, environ={"TERM": "dumb"}), LineProgress)
    assert type(choose_progress(quiet=True, environ={})) is QuietProgress


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    progress = choose_progress(quiet=False, environ={})
    progress.begin("core/api")
    progress.phase(Phase.SENDING, 1_234)
    progress.advance(1_000)
    progress.waiting(12, "Too many requests")
    progress.end()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "core/api: sending, 1,234 commits",
        "core/api: waiting 12 s: Too many requests",
    ]


def test_a_warning_says_whose_it_is_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (True, False):
        progress = choose_progress(quiet=quiet, named=True, environ={})
        progress.begin("core/api")
        progress.warning("something")
        assert capsys.readouterr().err == "warning: core/api: something\n"


def test_quiet_still_warns(capsys: pytest.CaptureFixture[str]) -> None:
    progress = QuietProgress()
    progress.phase(Phase.SENDING, 5)
    progress.warning("something", "do this")
    assert capsys.readouterr().err == "warning: something\nhint: do this\n"
