"""Real server processes for the tests."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: What every server of the tests signs access tokens with, so that a test can sign one itself.
SECRET_KEY = "only-for-tests-" * 5

_START_SECONDS = 60


@dataclass(frozen=True)
class RunningServer:
    url: str
    database_url: str
    pid: int
    log_file: Path

    def log(self) -> str:
        """All that the server wrote until now."""
        return self.log_file.read_text(errors="replace")


@contextmanager
def running_server(*, database_url: str, workers: int = 1, **settings: object) -> Iterator[RunningServer]:
    """`tgl-server serve` on a free port; stopped with SIGTERM at the end."""
    with tempfile.NamedTemporaryFile(prefix="tgl-server-", suffix=".log") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tgl_server", "serve", "--port", "0", "--workers", str(workers)],
            env=_environment(database_url, settings),
            stdout=log,
            stderr=log,
        )
        try:
            url = _wait_until_ready(process, Path(log.name))
            yield RunningServer(url, database_url, process.pid, Path(log.name))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment(database_url: str, settings: dict[str, object]) -> dict[str, str]:
    quick = {
        "SECRET_KEY": SECRET_KEY,
        "ARGON2_TIME_COST": "1",
        "ARGON2_MEMORY_KIB": "1024",
        "SHUTDOWN_DRAIN_SECONDS": "0",
        "SYNC_REQUESTS_PER_MINUTE": "1000000",
        "LOGIN_REQUESTS_PER_MINUTE": "1000000",
        "API_REQUESTS_PER_MINUTE": "1000000",
    }
    given = {name.upper(): str(value) for name, value in settings.items()}
    return {**os.environ, "DATABASE_URL": database_url, **quick, **given}


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        found = re.search(r"Listening on (\S+)", log.read_text())
        if found and _is_ready(found[1]):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False
