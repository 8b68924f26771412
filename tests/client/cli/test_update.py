"""The note about a newer version: quiet, once a day, and only to people."""

from pathlib import Path

import pytest

from tgl_client.cli.update import tell_update


def test_a_newer_server_is_told_once_a_day(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _watch(monkeypatch)
    for _ in range(3):
        tell_update("9.1.0", "on")
    assert capsys.readouterr().err.count("tgl 9.1.0 is out") == 1


@pytest.mark.parametrize(
    ("version", "wanted"), [("9.1.0", "off"), ("0.0.1", "on"), ("0.1.0", "on"), ("", "on"), ("soon", "on")]
)
def test_nothing_is_told_of_no_news_or_to_who_does_not_want_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tgl_home: Path, version: str, wanted: str
) -> None:
    _watch(monkeypatch)
    tell_update(version, wanted)
    assert (capsys.readouterr().err, (tgl_home / "state").exists()) == ("", False)


def test_nothing_is_told_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    tell_update("9.1.0", "on")
    assert capsys.readouterr().err == ""


def test_a_state_folder_that_cannot_be_written_is_no_reason_to_repeat_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TGL_HOME", str(tmp_path / "file"))
    _watch(monkeypatch)
    tell_update("9.1.0", "on")
    assert capsys.readouterr().err == ""


def _watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard error be a terminal."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
