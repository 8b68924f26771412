"""The worker beside a server on the embedded database: there without being asked for, and gone with the server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.processes import command_line
from tests.support.waiting import wait_until


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[psutil.Process]:
    """`tgl-server serve` without a DATABASE_URL, once it listens."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    environment |= {"DATA_DIR": str(folder / "data"), **settings}
    log = folder / "log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "tgl_server", "serve", "--port", "0", "--migrate"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
    try:
        wait_until(lambda: process.poll() is not None or b"Listening on" in log.read_bytes())
        assert process.poll() is None, log.read_text()
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def workers_of(server: psutil.Process) -> list[psutil.Process]:
    return [child for child in server.children() if "worker" in command_line(child)]


def test_a_server_without_a_database_of_its_own_pulls_by_itself_as_long_as_it_runs(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (first,) = wait_until(lambda: workers_of(server))
        first.kill()
        (second,) = wait_until(lambda: [each for each in workers_of(server) if each != first])
    assert not second.is_running()


def test_a_worker_ends_with_a_server_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (worker,) = wait_until(lambda: workers_of(server))
        server.kill()
        wait_until(lambda: not worker.is_running())


@pytest.mark.parametrize("setting", ["false", pytest.param("0", marks=pytest.mark.slow)])
def test_a_setting_turns_the_worker_off(tmp_path: Path, setting: str) -> None:
    with serving(tmp_path, PULL_WORKER=setting) as server:
        assert workers_of(server) == []
