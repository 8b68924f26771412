"""The pull worker beside a server on the embedded database: a process of its own, which ends with the server.

It is started again when it dies. Whoever has a database of their own starts workers where they want them.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

log = structlog.get_logger()

_RESTART_SECONDS = 5.0
_LOOK_SECONDS = 0.2
_STOP_SECONDS = 15.0


@contextmanager
def worker_beside(database_url: str) -> Iterator[None]:
    """A worker process while the block runs; at the end it gives its pulls back."""
    command = [sys.executable, "-m", "tgl_server", "worker", "--no-broker", "--stop-with", str(os.getpid())]
    environment = {**os.environ, "TGL_DATABASE_URL": database_url}
    is_over = threading.Event()
    keeping = threading.Thread(target=_keep, args=[command, environment, is_over], daemon=True)
    keeping.start()
    try:
        yield
    finally:
        is_over.set()
        keeping.join()


def _keep(command: Sequence[str], environment: Mapping[str, str], is_over: threading.Event) -> None:
    """Run the process again and again until the end, and stop it then."""
    while not is_over.is_set():
        # A group of its own: Ctrl-C is for the server, which then stops its worker.
        with subprocess.Popen(command, env=environment, process_group=0) as process:
            while process.poll() is None and not is_over.wait(_LOOK_SECONDS):
                pass
            if process.poll() is None:
                _stop(process)
        if not is_over.is_set():
            log.warning("pull_worker_ended", status=process.returncode, again_in_seconds=_RESTART_SECONDS)
            is_over.wait(_RESTART_SECONDS)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
