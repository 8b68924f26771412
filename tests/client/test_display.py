"""The progress display, without a terminal; what it looks like in one was looked at by hand."""

import sys

import pytest

from tgl_client.display import BarProgress, LineProgress, QuietProgress, choose_progress
from tgl_client.progress import Phase
from tgl_client.words import counted, duration


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


def test_quiet_still_warns(capsys: pytest.CaptureFixture[str]) -> None:
    progress = QuietProgress()
    progress.phase(Phase.SENDING, 5)
    progress.warning("something", "do this")
    assert capsys.readouterr().err == "warning: something\nhint: do this\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (89, "89 s"),
        (150, "2 min"),
        (5_400, "1 h 30 min"),
        (86_400, "24 h"),
        (86_400 * 2 - 10, "2 d"),
        (86_400 * 30 + 7_200, "30 d 2 h"),
    ],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_one_is_counted_as_one() -> None:
    assert [counted(n, "branch", "branches") for n in (0, 1, 2)] == ["0 branches", "1 branch", "2 branches"]
    assert [counted(n, "commit") for n in (1, 1234)] == ["1 commit", "1,234 commits"]
