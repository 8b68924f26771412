"""What differs on macOS and on Windows, simulated: what these systems lack is taken away before the server starts.

Neither was run; docs/reference/platforms.md says what else differs.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.command import tgl
from tests.support.servers import environment_of, served
from tests.support.world import World
from tgl_server import cli

#: Python's own modules, and those that ask for the platform as they load, see Linux; what is ours sees macOS.
MACOS = """
import asyncio, ctypes, multiprocessing.context, os, resource, select, signal, socket, subprocess, sys, sysconfig, uuid
import urllib.request, aiohttp, granian, psutil, pygit2, rich.console, typer, uvloop
sysconfig.get_config_vars()
for place, names in (
    (os, ("memfd_create", "sched_getaffinity", "sched_setaffinity", "pidfd_open", "setresuid", "setns", "O_PATH")),
    (resource, ("prlimit",)),
    (select, ("epoll",)),
    (signal, ("SIGRTMIN", "SIGPWR", "SIGSTKFLT", "sigtimedwait", "sigwaitinfo", "pidfd_send_signal")),
    (socket, ("TCP_USER_TIMEOUT", "SO_PEERCRED", "SO_DOMAIN")),
):
    for name in names:
        if hasattr(place, name):
            delattr(place, name)
sys.platform = "darwin"
"""


@pytest.fixture
def macos(tmp_path: Path) -> dict[str, str]:
    """Variables with which each Python that is started takes itself to be on macOS."""
    (tmp_path / "sitecustomize.py").write_text(MACOS)
    return {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}


async def test_a_server_without_what_macos_lacks_takes_a_push_and_stops(
    world: World, database_url: str, repository: Path, tmp_path: Path, macos: dict[str, str]
) -> None:
    with served({**environment_of(database_url), **macos}) as server:
        done = tgl("push", "--json", cwd=repository, TGL_HOME=str(tmp_path), **world.environment(server.url))
        assert (done.code, done.json["repositories"][0]["sent"]) == (0, 3), done
        async with Api(server.url, world.key) as api:
            assert (await api.get(f"{world.sync_path}/status")).json["total_commits"] == 3
        assert await server.stop() == 0
        assert "Traceback" not in server.log()


def test_the_folders_are_those_of_macos(macos: dict[str, str]) -> None:
    script = (
        "import os; from tgl_server.db.embedded.folders import default_data_dir\n"
        "os.geteuid = lambda: 501\n"
        "print(default_data_dir())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=macos, capture_output=True, text=True, check=True)
    assert done.stdout == f"{macos['HOME']}/Library/Application Support/thegitleague/postgresql\n"


def test_on_windows_the_server_says_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit, match="error: tgl-server does not run on Windows\nhint: run it in WSL"):
        cli.main()
