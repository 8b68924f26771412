"""Two workers and two beats, of which any process may be killed and is replaced, and the Redis that they hear."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.support.broker import Broker
from tests.support.command import TGL_SERVER
from tests.support.processes import command_line, is_alive
from tests.support.pulls import environment_of
from tgl_server.settings import Settings

#: In the environment of all that a crew starts but git, whose environment is fixed.
_MARK = "TGL_CHAOS_CREW"
_STOP_SECONDS = 120
_COMMANDS = {
    "worker 1": ("worker", "--children", "3"),
    "worker 2": ("worker", "--children", "3"),
    "beat 1": ("beat",),
    "beat 2": ("beat",),
}


class Crew:
    """The running processes; `dead` are the process ids of killed ones that may have had leases."""

    def __init__(self, settings: Settings, broker: Broker, log: Path) -> None:
        self._settings, self._broker, self._log = settings, broker, log
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._mark = f"{os.getpid()}-{time.monotonic_ns()}"

    def complete(self) -> None:
        """Start what is missing."""
        for name, command in _COMMANDS.items():
            if name not in self._running or self._running[name].poll() is not None:
                environment = {**os.environ, **environment_of(self._settings), _MARK: self._mark}
                line = [*TGL_SERVER, *command]
                with self._log.open("ab") as log:
                    self._running[name] = subprocess.Popen(line, env=environment, stdout=log, stderr=log)

    def break_something(self, chance: random.Random) -> tuple[str, set[int]]:
        """Kill -9 one process at random, or Redis with all that it holds: what it was, and which processes ended."""
        kinds = {process: _kind_of(process) for process in self._processes()}
        running = [
            kind for kind in ("worker", "pool", "child", "child", "guard", "git", "beat") if kind in kinds.values()
        ]
        kind = chance.choice([*running, "redis"])
        if kind == "redis":
            self._broker.kill()
            self._broker.start()
            return kind, set()
        victim = chance.choice([process for process, its in kinds.items() if its == kind])
        with suppress(psutil.NoSuchProcess):
            gone = {victim.pid, *(each.pid for each in victim.children(recursive=True))}
            victim.kill()
            return kind, gone
        return f"{kind}, which had just ended", set()

    def stop(self) -> None:
        """SIGTERM to all, and wait."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def left(self) -> list[str]:
        """The command lines of what runs although nothing of the crew should."""
        return [" ".join(command_line(each))[:200] for each in self._processes()]

    def _processes(self) -> list[psutil.Process]:
        mirrors, found = self._settings.mirror_dir, []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                environment = process.environ()
                is_ours = environment.get(_MARK) == self._mark or environment.get("HOME", "").startswith(mirrors)
                if is_ours and is_alive(process):
                    found.append(process)
        return found


def _kind_of(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        words = process.cmdline()
        if any(word.endswith("guard.py") for word in words):
            return "guard"
        if "--pool-of" in words:
            return "child" if "--pool-of" in process.parent().cmdline() else "pool"  # type: ignore[union-attr]
        if "tgl_server" in words:
            return "beat" if "beat" in words else "worker"
        return "git"
    return "gone"


@contextmanager
def working(crew: Crew) -> Iterator[None]:
    """The crew works while the block runs."""
    crew.complete()
    try:
        yield
    finally:
        crew.stop()
