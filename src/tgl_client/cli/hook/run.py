"""Pushes out of a hook: quietly, out of the reach of the terminal, and with a log instead of it."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tgl_client.cli.hook.log import open_log
from tgl_client.exit_codes import ExitCode
from tgl_client.settings.files import system_errors

#: Nobody watches a hook's push, so it must end by itself.
TIME_LIMIT: Final = 900.0

#: Seconds between two looks at whether another push has ended.
LOOK_AGAIN: Final = 2.0


def run_detached(path: Path, branches: tuple[str, ...], queued: Path | None) -> ExitCode:
    """Push quietly, out of the reach of the terminal and of what git told its hook.

    `queued` is the file by which hooks know that a push is waiting; it is deleted before the push looks for commits.
    """
    queued = queued.absolute() if queued else None
    _leave_terminal()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    with system_errors(f"{path} cannot be entered"):
        os.chdir(path)
    with suppress(OSError):  # a log that cannot be written does not stop the push
        sys.stdout = sys.stderr = open_log(Path.cwd())
    from tgl_client.cli.push.act import Choices, push  # noqa: PLC0415 -- after the environment is what it should be
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

    def push_once() -> ExitCode:
        return push(Flags(paths=(Path(),), branches=branches, timeout=TIME_LIMIT), Choices(quiet=True))

    code = push_once() if queued is None else push_when_free(queued, push_once)
    print("done" if code is ExitCode.DONE else f"ended with status {code}", flush=True)
    return code


def push_when_free(queued: Path, push: Callable[[], ExitCode], patience: float = TIME_LIMIT) -> ExitCode:
    """Push as soon as no other push of the repository is running: that one may not have seen the latest commits.

    Only one process waits; whoever comes while there is one leaves the commits to it.
    """
    deadline = time.monotonic() + patience
    while True:
        with suppress(OSError):
            queued.unlink()
        code = push()
        if code is not ExitCode.ALREADY_RUNNING or time.monotonic() > deadline or not _enqueue(queued):
            return code
        time.sleep(LOOK_AGAIN)


def _enqueue(queued: Path) -> bool:
    """Let hooks know that this process waits; False when another one does."""
    try:
        with queued.open("x") as file:
            file.write(f"{os.getpid()}\n")
    except OSError:
        return False
    return True


def _leave_terminal() -> None:
    """Outlive the terminal: a session of our own, where there are sessions."""
    if sys.platform != "win32":
        with suppress(OSError):  # this process leads a group already
            os.setsid()
