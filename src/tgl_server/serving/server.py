"""The start of Granian, and what each of its workers runs."""

import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from granian.server.common import AbstractServer as MainProcess
from litestar import Litestar

from tgl_server.app import Lifespan, create_app
from tgl_server.broker.installed import check_broker_installed
from tgl_server.errors import StartupError
from tgl_server.http.draining import drained_on_sigterm
from tgl_server.limits.storage import is_shared
from tgl_server.metrics.shared import counted_together
from tgl_server.services import Services
from tgl_server.serving.addresses import check_address
from tgl_server.serving.file_watch import open_files_watched
from tgl_server.serving.granian_lines import LOG_CONFIG, tell_of_workers
from tgl_server.serving.main_process import stopped_with_main_process
from tgl_server.serving.open_files import raise_open_files
from tgl_server.serving.tls import Tls
from tgl_server.serving.unread_answers import unread_answers_ended
from tgl_server.settings import Hosting, Settings
from tgl_server.tracing.switch import check_installed

_SHUTDOWN_SECONDS = 20
# Also the time that a connection may be idle. It is longer than the 15 s after which aiohttp closes one itself, so that
# a client does not send a request into a connection that is just being closed.
_HEADER_READ_MS = 20_000
_MAX_HEAD_BYTES = 64 * 1024
_BACKLOG = 4096
# Open files of a process besides the connections of clients; the database's are among them.
_OTHER_FILES = 512
_FEWEST_CONNECTIONS = 128


def serve(settings: Settings, hosting: Hosting, *, host: str, port: int, tls: Tls | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `tgl_server.http.draining` describes how it stops."""
    check_address(host, port)
    server = Server(
        "thegitleague",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=hosting.workers,
        loop=Loops.uvloop,
        # HTTP/2 on an open port would need limits of its own, and Granian has no timeout while it waits to see which
        # of the two a connection speaks. A proxy that speaks HTTP/2 to browsers speaks HTTP/1.1 to us.
        http=HTTPModes.http1,
        backlog=_BACKLOG,
        # Granian counts connections here and not requests: at its default of 1024 as many idle ones would block
        # everybody else.
        backpressure=max(_FEWEST_CONNECTIONS, raise_open_files() - _OTHER_FILES),
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=dict(LOG_CONFIG),
        workers_kill_timeout=_SHUTDOWN_SECONDS,
        respawn_failed_workers=True,
        ssl_cert=tls.certificate if tls else None,
        ssl_key=tls.key if tls else None,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_READ_MS, max_buffer_size=_MAX_HEAD_BYTES),
    )
    tell_of_workers(server)
    server.on_startup(partial(_stop_on_hangup, server, signal.getsignal(signal.SIGHUP)))
    with counted_together():
        server.serve(target_loader=partial(_worker_app, settings, hosting, os.getpid()), wrap_loader=False)


def _stop_on_hangup(server: MainProcess[Any], handler_before: object) -> None:
    """Stop the server when its terminal is closed, unless `nohup` started it; Granian would restart the workers."""
    ignored = handler_before is signal.SIG_IGN
    signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else server.signal_handler_interrupt)


def check_servable(settings: Settings, workers: int) -> None:
    """Raises `StartupError` for settings with which so many workers cannot serve, before anything is started."""
    check_installed(settings)
    check_broker_installed(settings)
    if workers > 1 and not is_shared(settings.rate_limit_storage):
        raise StartupError(
            f"{workers} workers cannot count requests together in RATE_LIMIT_STORAGE=memory://, each would allow the "
            "whole limit; set it to the redis:// or valkey:// address of a server, or use --workers 1"
        )


def _worker_app(settings: Settings, hosting: Hosting, main_pid: int) -> Litestar:
    _tame_garbage_collector()
    # A closing terminal signals all its processes; the main process stops the workers in its own way.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    watches: list[Lifespan] = [partial(stopped_with_main_process, main_pid), _drained, _watched]
    return create_app(settings, lifespan=watches, hosting=hosting)


@asynccontextmanager
async def _drained(services: Services, _: Litestar) -> AsyncIterator[None]:
    async with drained_on_sigterm(services.draining, services.settings.shutdown_drain_seconds):
        yield


@asynccontextmanager
async def _watched(services: Services, _: Litestar) -> AsyncIterator[None]:
    async with unread_answers_ended(services.settings.answer_timeout_seconds), open_files_watched():
        yield


def _tame_garbage_collector() -> None:
    """Look for cycles rarely, and never in the modules that are loaded by now.

    A batch makes tens of thousands of objects that have no cycles and die together.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
