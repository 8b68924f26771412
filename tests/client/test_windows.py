"""What differs on Windows, simulated here: what the system does not have, and what its clock does not know."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest

from tests.support.command import tgl
from tests.support.settings import written
from tests.support.waiting import wait_until
from tgl_client.hooks import with_block
from tgl_client.settings import files
from tgl_client.settings.login_file import Login, read_login, write_login
from tgl_history import dates
from tgl_protocol.keys import generate_api_key

KEY = generate_api_key().full_key

#: What our modules could ask for and Windows lacks; Python's own may, so it goes once these are loaded.
LACKING = """
import aiohttp, filelock, msgspec, platformdirs.unix, pygit2, rich.console, rich.progress, typer, yaml
import asyncio, asyncio.subprocess, getpass, logging, os, platform, signal, subprocess, sys, tempfile
for name in ("setsid", "geteuid", "getuid", "getgid", "sched_getaffinity", "fork", "uname", "killpg", "chown"):
    delattr(os, name)
for name in ("SIGBUS", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
    delattr(signal, name)
for name in ("fcntl", "pwd", "grp", "termios", "resource"):
    if name not in sys.modules:
        sys.modules[name] = None
"""


@pytest.fixture
def lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python that is started lacks what Windows lacks."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(LACKING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))


@pytest.mark.usefixtures("lacking")
def test_every_module_can_be_loaded() -> None:
    script = (
        "import pkgutil, importlib\n"
        "for package in ('tgl_protocol', 'tgl_history', 'tgl_client'):\n"
        "    for each in pkgutil.walk_packages(importlib.import_module(package).__path__, package + '.'):\n"
        "        each.name.endswith('__main__') or importlib.import_module(each.name)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.usefixtures("lacking", "settings")
def test_a_push_needs_none_of_it(repository: Path) -> None:
    done = tgl("push", "--json", cwd=repository)
    assert (done.code, done.json["repositories"][0]["sent"]) == (0, 3), done


@pytest.mark.usefixtures("lacking", "settings")
def test_a_push_without_git_needs_none_of_it(repository: Path) -> None:
    done = tgl("push", "--json", "--engine", "pygit2", cwd=repository)
    assert (done.code, done.json["repositories"][0]["sent"]) == (0, 3), done


@pytest.mark.parametrize("encoding", ["cp437", "cp1252"])
def test_a_console_that_lacks_letters_shows_their_numbers(tmp_path: Path, encoding: str) -> None:
    folder = tmp_path / "größe-日本"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tgl_client", "push", "--project", "a", "--repo", "b", folder],
        env={**os.environ, "PYTHONIOENCODING": encoding, "TGL_URL": "http://127.0.0.1:9", "TGL_API_KEY": KEY},
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode(encoding)
    assert done.returncode == 2, said
    assert r"größe-\u65e5\u672c" in said


class ClockOfWindows(datetime):
    """A datetime that knows no time beyond the year 3000, nor before 1970."""

    @classmethod
    def fromtimestamp(cls, timestamp: float, tz: tzinfo | None = None) -> Self:
        if not 0 <= timestamp < 32_536_850_400:
            raise OSError(22, "Invalid argument")
        return super().fromtimestamp(timestamp, tz)


def test_dates_after_3000_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "datetime", ClockOfWindows)
    assert dates.instant(b"64060588800", b"+0530").isoformat() == "4000-01-01T05:30:00+05:30"
    assert dates.instant(b"9" * 30, b"").astimezone(UTC).year == 9999


def test_modes_that_say_nothing_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "HAS_MODES", False)
    assert written(tmp_path, f"api_key: {KEY}", mode=0o666).api_key == KEY
    file = tmp_path / "config" / "login.json"
    write_login(file, Login(url="https://league.example.com", keys={"https://league.example.com": KEY}))
    file.chmod(0o666)
    assert list(read_login(file).keys.values()) == [KEY]


def test_a_hook_keeps_the_line_ends_of_others(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(b"#!/bin/sh\r\necho theirs\r\n")
    hook.chmod(0o755)
    assert tgl("hook", "install", repository).code == 0
    assert hook.read_bytes().endswith(b"# <<< tgl <<<\necho theirs\r\n")
    assert tgl("hook", "uninstall", repository).code == 0
    assert hook.read_bytes() == b"#!/bin/sh\r\necho theirs\r\n"


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell")
def test_a_command_with_backslashes_and_spaces_is_started(tmp_path: Path) -> None:
    command = tmp_path / "my\\tools" / "tgl.exe"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\necho "$*" >"$0.said"\n')
    command.chmod(0o755)
    git_dir = tmp_path / "git"
    git_dir.mkdir()
    (tmp_path / "hook").write_text(with_block(None, str(command)) + "wait\n")
    started = {**os.environ, "GIT_DIR": str(git_dir)}
    subprocess.run(["sh", "-c", f". {tmp_path}/hook"], env=started, cwd=tmp_path, check=True)
    wait_until(Path(f"{command}.said").exists)
    assert (git_dir / "tgl-queued").exists()
