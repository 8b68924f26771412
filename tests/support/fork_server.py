"""A process that has a program imported, and forks a process of it for each command that it is asked for.

`python -m tests.support.fork_server MODULE FD`; the questions are those of `forking.py`. What is forked has its own
arguments, environment, folder and files, and ends as a program ends that was started anew: only the seconds for
importing a thousand modules are missing.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

_MOST_BYTES = 1024 * 1024
_FILES = 4


def _import_all(module: str) -> None:
    if module == "tgl_server":
        importlib.import_module("tgl_server.app")
        importlib.import_module("tgl_server.cli.commands").assembled()
        return
    for name in (module, "tgl_history"):
        package = importlib.import_module(name)
        for each in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not each.name.endswith("__main__"):
                importlib.import_module(each.name)


def _asked(asking: socket.socket) -> dict[str, Any]:
    """The next question, in a process of its own; the process that forks never returns from here."""
    running: dict[int, int] = {}
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([asking.fileno(), wakes], [], [])
        if wakes in ready:
            os.read(wakes, 512)
            _tell_of_ended(running)
        if asking.fileno() in ready:
            message, files, _, _ = socket.recv_fds(asking, _MOST_BYTES, _FILES)
            if not message:
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                return {**json.loads(message), "files": files[:3]}
            running[pid] = files[3]
            for file in files[:3]:
                os.close(file)
            os.write(files[3], f"{pid}\n".encode())


def _tell_of_ended(running: dict[int, int]) -> None:
    for pid, teller in list(running.items()):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            os.write(teller, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os.close(running.pop(pid))


def _become(question: dict[str, Any]) -> None:
    """Take the place of a process that was started for this."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(question["files"]):
        os.dup2(file, number)
    for name in [path.name for path in Path("/proc/self/fd").iterdir()]:
        if int(name) >= _FILES - 1:
            with suppress(OSError):
                os.close(int(name))
    os.environ.clear()
    os.environ.update(question["environment"])
    os.chdir(question["cwd"])
    sys.path[0] = question["cwd"]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 -- the process's own, to its end
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    if "pygit2" in sys.modules:
        _look_for_git_configuration_again()


def _look_for_git_configuration_again() -> None:
    """libgit2 has looked for the user's folder when it was loaded."""
    pygit2 = sys.modules["pygit2"]
    option = pygit2.enums.Option
    for level in ("SYSTEM", "XDG", "GLOBAL", "PROGRAMDATA"):
        pygit2.option(option.SET_SEARCH_PATH, pygit2.enums.ConfigLevel[level], None)
    pygit2.option(option.SET_HOMEDIR, None)


if __name__ == "__main__":
    module = sys.argv[1]
    asking = socket.socket(fileno=int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_all(module)
    assert threading.active_count() == 1, "a process with threads cannot be forked"
    gc.collect()
    gc.freeze()
    question = _asked(asking)
    asking.detach()
    _become(question)
    sys.argv = [str(Path(__file__).parents[2] / "src" / module / "__main__.py"), *question["arguments"]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
