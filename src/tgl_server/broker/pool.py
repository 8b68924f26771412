"""The pool: Celery's worker in a process of its own, whose children each pull one repository at a time.

Its parent starts it and stops it with SIGTERM, which ends the children's pulls. Nothing here connects to the database
before Celery forks: an engine belongs to the event loop that made it.
"""

import ctypes
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from celery import signals
from celery.apps import worker as celery_worker
from celery.platforms import SecurityWarning
from msgspec import Struct

from tgl_server.broker.application import QUEUE, TASK, make_application, queue_of

_PR_SET_PDEATHSIG: Final = 1
_LOGGERS: Final = ("celery", "kombu", "amqp", "multiprocessing")


class Pool(Struct, frozen=True):
    """How many children listen for which host; `fetch_minutes` is what a pull may take to fetch."""

    broker_url: str
    host: str
    children: int
    fetch_minutes: int


def run_pool(pool: Pool, begin: Callable[[], None], act: Callable[[UUID], None]) -> int:
    """Let children act on each repository that a message names, until SIGTERM; the exit status.

    Each child calls `begin` first.
    """
    # Celery warns each time that the broker is away that 6.0 will cancel running tasks then, which we chose not to.
    warnings.filterwarnings("ignore", message=r"\s*In Celery 5\.1 we introduced", category=Warning)
    # And at each start as root, for what messages may then do: they are JSON, and name a repository.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    _pass_on_logs()
    signals.setup_logging.connect(_keep_logs, weak=False)
    # A child whose pool was killed would never hear of another message, and keep its repository until it is done.
    signals.worker_process_init.connect(partial(_begin_child, os.getpid(), begin), weak=False)
    app = make_application(pool.broker_url, pool.fetch_minutes)

    @app.task(name=TASK)  # type: ignore[untyped-decorator] # Celery has no types
    def pull(repo_id: str) -> None:
        act(UUID(repo_id))

    worker = celery_worker.Worker(
        app=app,
        hostname=f"tgl-{os.getpid()}@{pool.host}",
        pool_cls="prefork",
        concurrency=pool.children,
        queues=[QUEUE, queue_of(pool.host)],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def end_with(parent: int) -> bool:
    """Let the kernel end this process when its parent's main thread ends; False where it cannot, as on macOS."""
    if sys.platform != "linux":
        return False
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we could ask
        os._exit(1)
    return True


def _begin_child(parent: int, begin: Callable[[], None], **_: Any) -> None:
    """Tie a child to its pool, and let it begin."""
    end_with(parent)
    begin()


def _keep_logs(**_: Any) -> None:
    """Celery sets no logs up where somebody listens to this signal."""


class _CeleryLines(logging.Handler):
    """Writes what Celery says as events of our log, which masks secrets."""

    def emit(self, record: logging.LogRecord) -> None:
        exc_info = record.exc_info if record.levelno >= logging.ERROR else None
        structlog.get_logger().log(record.levelno, "celery", message=record.getMessage(), exc_info=exc_info)


def _pass_on_logs() -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [_CeleryLines()]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
