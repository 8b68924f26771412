"""Real server processes for the tests: an ordinary one, and a guarded one whose limits are low enough to be reached.

The tests are the guarded server's trusted proxy, so that each test has an address, and so counts, of its own.
"""

import asyncio
import itertools
import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forking import Process, started
from tests.support.waiting import until, wait_until

#: What every server of the tests signs access tokens with, so that a test can sign one itself.
SECRET_KEY = "only-for-tests-" * 5

#: The guarded server's.
PRODUCTION_SECRET_KEY = "5Zq0vN8fWk2RjT6yHbXcLs4MpGd9QeUa"
SYNC_LIMIT, LOGIN_LIMIT, API_LIMIT = 5, 3, 7
ORIGIN = "https://dashboard.example"

#: The guarded server's, and the other one's.
METRICS_TOKEN = "a-token-of-prometheus"

_addresses = itertools.count(1)


@dataclass(frozen=True)
class RunningServer:
    url: str
    database_url: str
    process: Process
    log_file: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        """The server's log up to now."""
        return self.log_file.read_text(errors="replace")

    async def logged(self, mark: str) -> str:
        """The log's lines that have this text in them, once there are any: they are written after the answer."""
        return str(await until(lambda: "\n".join(line for line in self.log().splitlines() if mark in line)))

    def logged_fields(self, **fields: str) -> list[dict[str, Any]]:
        """The lines of a JSON log that have these fields."""
        lines = [json.loads(line) for line in self.log().splitlines(keepends=True) if line[:1] + line[-2:] == "{}\n"]
        return [line for line in lines if fields.items() <= line.items()]

    def terminate(self) -> None:
        """Send SIGTERM, as a service manager does."""
        os.kill(self.pid, signal.SIGTERM)

    async def exited(self) -> int | None:
        """The exit code, once the process is gone."""
        return await asyncio.to_thread(self.process.wait, 30)

    async def stop(self) -> int | None:
        """Stop the server as a service manager does; the exit code."""
        self.terminate()
        return await self.exited()


@contextmanager
def running_server(*, database_url: str, workers: int = 1, **settings: object) -> Iterator[RunningServer]:
    """`tgl-server serve` on a free port; stopped with SIGTERM at the end."""
    with served(environment_of(database_url, **settings), "--workers", str(workers)) as server:
        yield server


@contextmanager
def served(environment: dict[str, str], *options: str) -> Iterator[RunningServer]:
    """`tgl-server serve` with options and variables; stopped with SIGTERM at the end."""
    with tempfile.NamedTemporaryFile(prefix="tgl-server-", suffix=".log") as log:
        files = 0, log.fileno(), log.fileno()
        process = started("tgl_server", ["serve", "--port", "0", *options], environment, None, files)
        try:
            url = _wait_until_ready(process, Path(log.name))
            yield RunningServer(url, environment["DATABASE_URL"], process, Path(log.name))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment_of(database_url: str, **settings: object) -> dict[str, str]:
    """The variables of a server of the tests, which is quick and limits nobody."""
    quick = {
        "SECRET_KEY": SECRET_KEY,
        "SWEEP_SECONDS": "3600",
        "AUDIT_REFUSALS_RETENTION_DAYS": "0",
        "ARGON2_TIME_COST": "1",
        "ARGON2_MEMORY_KIB": "1024",
        "SHUTDOWN_DRAIN_SECONDS": "0",
        "FOLLOWER_PAUSE_MS": "200",
        "SYNC_REQUESTS_PER_MINUTE": "1000000",
        "LOGIN_REQUESTS_PER_MINUTE": "1000000",
        "API_REQUESTS_PER_MINUTE": "1000000",
        "PAGE_REQUESTS_PER_MINUTE": "1000000",
        "WEBHOOK_REQUESTS_PER_MINUTE": "1000000",
    }
    given = {name.upper(): str(value) for name, value in settings.items()}
    return {**os.environ, "DATABASE_URL": database_url, **quick, **given}


def _wait_until_ready(process: Process, log: Path) -> str:
    def has_begun_or_ended() -> bool:
        return process.poll() is not None or (bool(url := _listening(log)) and _is_ready(url))

    wait_until(has_begun_or_ended)
    assert process.poll() is None, f"the server did not start:\n{log.read_text()}"
    return _listening(log)


def _listening(log: Path) -> str:
    found = re.search(r"Listening on (\S+)", log.read_text())
    return found[1] if found else ""


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def guarded_server(database_url: str, **settings: object) -> Iterator[RunningServer]:
    """A guarded server in production mode, over a migrated database."""
    given = {
        "environment": "production",
        "argon2_memory_kib": 7168,
        "secret_key": PRODUCTION_SECRET_KEY,
        "trusted_proxies": "127.0.0.1,10.0.0.0/8",
        "cors_origins": ORIGIN,
        "body_timeout_seconds": 1,
        "metrics_token": METRICS_TOKEN,
        "sync_requests_per_minute": SYNC_LIMIT,
        "login_requests_per_minute": LOGIN_LIMIT,
        "api_requests_per_minute": API_LIMIT,
        "slow_batch_ms": 600_000,
    }
    with running_server(database_url=database_url, workers=1, **(given | settings)) as server:
        yield server


@contextmanager
def second_server(database_url: str) -> Iterator[RunningServer]:
    """Another process on the same database, with what an ordinary one does without: all of it for tests to share."""
    with running_server(
        database_url=database_url,
        api_key_memory_seconds=3600,
        log_format="json",
        metrics_token=METRICS_TOKEN,
        registration_open="false",
        slow_batch_ms=0,
        trusted_proxies="127.0.0.1",
    ) as server:
        yield server


def new_client() -> dict[str, str]:
    """The header of a client that nobody has seen before."""
    number = next(_addresses)
    return {"X-Forwarded-For": f"198.51.{number // 256}.{number % 256}"}
