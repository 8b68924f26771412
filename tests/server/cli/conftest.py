"""The command line, run in this process: starting one of its own takes a second."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tgl_server.cli import commands

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`tgl-server` in an empty folder, with environment variables as keywords: its status, and all that it said.

    An error that would end in a traceback is raised.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ARGON2_MEMORY_KIB", "1024")

    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["tgl-server", *arguments])
        with pytest.raises(SystemExit) as ended:
            commands.run()
        printed = capsys.readouterr()
        code = ended.value.code
        said = code if isinstance(code, str) else ""
        return (code if isinstance(code, int) else 1), printed.out + printed.err + said

    return run
