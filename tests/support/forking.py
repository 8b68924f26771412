"""Processes of `tgl` and `tgl-server` that are forked from one that has them imported, which spares most of their time.

What a process reads of its environment while it imports, such as where certificates are, is that of the one it is
forked from. So a process whose environment differs in more than what is read later is started anew, as by a shell.
"""

import atexit
import functools
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

import msgspec

from tgl_server.settings import Settings

_ROOT = Path(__file__).parents[2]
#: What every process is forked with; `conftest.py` keeps it before any test changes a variable.
AT_START = dict(os.environ)
_SETTINGS = [field.name.upper() for field in msgspec.structs.fields(Settings)]
_READ_LATER = re.compile(
    "|".join(["TGL_.*", "XDG_.*", "GIT_.*", "HOME", "PATH", "PYTEST_.*", *(f"{name}(_FILE)?" for name in _SETTINGS)])
)


class Process(Protocol):
    """What `subprocess.Popen` and `Forked` have in common."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...

    def kill(self) -> None: ...


class Forked:
    """A process that another one forked for us, with the methods of `subprocess.Popen`."""

    def __init__(self, told: int) -> None:
        self._told = os.fdopen(told, "rb", buffering=0)
        self._lock = threading.Lock()
        self._said = b""
        while b"\n" not in self._said:
            self._read()
        self.pid = int(self._said.split(b"\n")[0])

    def _read(self) -> None:
        part = self._told.read(64)
        assert part, "the process that forks has ended"
        self._said += part

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        with self._lock:
            while self._said.count(b"\n") < 2 and select.select([self._told], [], [], 0)[0]:
                self._read()
            if self._said.count(b"\n") < 2:
                return None
            self._told.close()
            return int(self._said.split(b"\n")[1])

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended; raises `subprocess.TimeoutExpired` after so many seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            select.select([self._told], [], [], left)
        return code

    def send_signal(self, sig: int, /) -> None:
        """Nothing if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def started(
    module: str, arguments: list[str], environment: dict[str, str], cwd: Path | None, files: tuple[int, int, int]
) -> Process:
    """`python -m module` with these variables alone, in this folder, with these files as its standard ones."""
    is_usual = signal.getsignal(signal.SIGHUP) is signal.SIG_DFL  # else it is `nohup` that starts it
    if is_usual and _is_read_later(environment):
        return Forked(_fork_server(module).ask(arguments, environment, cwd or Path.cwd(), files))
    stdin, stdout, stderr = files
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], env=environment, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr
    )


def _is_read_later(environment: dict[str, str]) -> bool:
    both = AT_START.keys() | environment.keys()
    differ = [name for name in both if AT_START.get(name) != environment.get(name)]
    return sys.platform == "linux" and all(_READ_LATER.fullmatch(name) for name in differ)


class _ForkServer:
    def __init__(self, module: str) -> None:
        self._asking, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with asked:
            command = [sys.executable, "-m", "tests.support.fork_server", module, str(asked.fileno())]
            self._process = subprocess.Popen(command, env=AT_START, cwd=_ROOT, pass_fds=[asked.fileno()])

    def ask(self, arguments: list[str], environment: dict[str, str], cwd: Path, files: tuple[int, int, int]) -> int:
        """The file in which it says the id of the new process, and at the end how it ended, a line each."""
        question = {"arguments": arguments, "environment": environment, "cwd": str(cwd)}
        told, tell = os.pipe()
        try:
            socket.send_fds(self._asking, [json.dumps(question).encode()], [*files, tell])
        finally:
            os.close(tell)
        return told

    def end(self) -> None:
        self._asking.close()
        self._process.wait()


@functools.cache
def _fork_server(module: str) -> _ForkServer:
    server = _ForkServer(module)
    atexit.register(server.end)
    return server
