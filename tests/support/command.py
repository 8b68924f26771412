"""Runs `tgl` and `tgl-server` as processes of their own, as a shell or cron would."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forking import started

#: What the fixture `run` gives: the exit status, and all that was printed.
Run = Callable[..., tuple[int, str]]

TGL = (sys.executable, "-m", "tgl_client")
TGL_SERVER = (sys.executable, "-m", "tgl_server")


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code and its output."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def tgl(*args: object, cwd: Path | None = None, stdin: str = "", **environment: str) -> Done:
    """Run a command to its end; variables are given by name, such as `TGL_URL=...`."""
    return _run("tgl_client", args, cwd, stdin, environment)


def tgl_server(*args: object, stdin: str = "", **environment: str) -> Done:
    """Run a command of `tgl-server` to its end; variables are given by name, such as `DATABASE_URL=...`."""
    return _run("tgl_server", args, None, stdin, environment)


def tgl_on_terminal(*args: object, answers: dict[str, str], cwd: Path | None = None) -> tuple[int, str]:
    """Run a command on a terminal of its own: its exit code, and all that was shown.

    `answers` are typed when their questions appear, in this order; before, they would be thrown away.
    """
    ours, theirs = os.openpty()
    program = [*TGL, *map(str, args)]
    started = subprocess.Popen(
        program,
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 -- it calls the kernel once and takes no lock
    )
    os.close(theirs)
    shown, questions = b"", list(answers.items())
    with os.fdopen(ours, "rb+", buffering=0) as terminal:
        with suppress(OSError):  # Linux says so at the end, when nobody has the other side open
            while part := terminal.read(4096):
                shown += part
                if questions and questions[0][0].encode() in shown:
                    terminal.write(f"{questions.pop(0)[1]}\n".encode())
        return started.wait(timeout=60), shown.decode().replace("\r\n", "\n")


def _own_terminal() -> None:
    """Make standard input the terminal that passwords are asked for on."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _run(module: str, args: tuple[object, ...], cwd: Path | None, stdin: str, environment: dict[str, str]) -> Done:
    with ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        files = given.fileno(), out.fileno(), err.fileno()
        process = started(module, [*map(str, args)], {**os.environ, **environment}, cwd, files)
        try:
            code = process.wait(300)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        done = Done(code, out.read(), err.read())
    assert "Traceback" not in done.err, done.err
    return done
