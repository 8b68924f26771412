"""The two processes that a demo runs, server and client; neither outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tgl_server.demo import DemoFailed
from tgl_server.demo.stage import PROJECT, Stage

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_ENDING = signal.SIGTERM, signal.SIGHUP


@contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt too, once; a signal that is ignored, as by nohup, stays so."""
    before = {number: signal.getsignal(number) for number in _ENDING}
    heard = [number for number in _ENDING if before[number] is not signal.SIG_IGN]

    def interrupt(_: int, __: FrameType | None) -> None:
        for number in heard:
            # A process may be sent both; the second must not interrupt the stopping.
            signal.signal(number, _do_nothing)
        raise KeyboardInterrupt

    for number in heard:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _do_nothing(_: int, __: FrameType | None) -> None:
    """Ignore a signal, without SIG_IGN, which programs started meanwhile would inherit."""


@contextmanager
def server_process(database_url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `tgl-server serve` that is ready; it stops at the end of the block, or when this process dies."""
    # The machine pushes to itself here: the limit that protects a shared server would only make it wait.
    environment = {"LOG_LEVEL": "warning", "SYNC_REQUESTS_PER_MINUTE": "100000", **os.environ}
    command = [sys.executable, "-m", "tgl_server", "serve", "--port", str(port), "--stop-with", str(os.getpid())]
    with _running(command, {**environment, "TGL_DATABASE_URL": database_url}) as process:
        _wait_until_ready(process, port)
        yield process


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise DemoFailed("the server did not start; `tgl-server serve` shows why")


def run_client(path: Path, url: str, stage: Stage) -> dict[str, Any]:
    """Run `tgl push` as a user would; its progress goes to the terminal, its JSON report is returned."""
    command = [sys.executable, "-m", "tgl_client", "push", str(path), "--json"]
    where = {"TGL_URL": url, "TGL_PROJECT": PROJECT, "TGL_REPO": stage.repo, "TGL_API_KEY": stage.key}
    with _running(command, {**os.environ, **where}, stdout=subprocess.PIPE) as process:
        printed, _ = process.communicate()
    if process.returncode != 0:
        raise DemoFailed(f"`tgl push` ended with status {process.returncode}")
    report: dict[str, Any] = json.loads(printed)
    return report


@contextmanager
def _running(
    command: list[str], environment: Mapping[str, str], stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is terminated at the end of the block, and killed if it does not stop."""
    with subprocess.Popen(command, env=environment, stdout=stdout) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
