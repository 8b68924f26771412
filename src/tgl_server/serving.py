"""The HTTP server under the application: Granian with its worker processes."""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from litestar import Litestar

from tgl_server.app import create_app
from tgl_server.draining import drained_on_sigterm
from tgl_server.errors import StartupError
from tgl_server.limits.storage import is_shared
from tgl_server.metrics.shared import counted_together
from tgl_server.settings import Settings
from tgl_server.tracing.switch import check_installed

_SHUTDOWN_SECONDS = 20
# Also how long a kept connection may be idle. More than the 15 s after which aiohttp closes one itself, so that a
# client does not send a request into a connection that is just being closed.
_HEADER_READ_MS = 20_000
_MAX_HEAD_BYTES = 64 * 1024
_BACKLOG = 4096
# Of a process: what is open besides connections of clients, the database's among them.
_OTHER_FILES = 512
_FEWEST_CONNECTIONS = 128
_MAX_OPEN_FILES = 65_536


def ip_address(host: str) -> str:
    """The address that a host's name stands for, of IPv4 if it can be: Granian takes no names."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "this cannot be a name"
        raise StartupError(f"cannot listen on {host}: {reason}; choose an address of this machine as --host") from None
    return str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])


def free_port(host: str) -> int:
    """A TCP port that nobody listens on at this moment; `host` is an address."""
    return _bind(host, 0)


def serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until SIGINT or SIGTERM; `tgl_server.draining` says how it ends."""
    _check_rate_limits(settings, workers)
    check_installed(settings)
    check_address(host, port)
    server = Server(
        "thegitleague",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        # HTTP/2 on an open port would need limits of its own, and while Granian waits to see which of the two a
        # connection speaks, it never gives it up. A proxy that speaks HTTP/2 to browsers speaks HTTP/1.1 to us.
        http=HTTPModes.http1,
        backlog=_BACKLOG,
        # Granian counts connections here and not requests: at its default of 1024 that many idle ones keep
        # everybody else out.
        backpressure=max(_FEWEST_CONNECTIONS, _raise_open_files() - _OTHER_FILES),
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=_SHUTDOWN_SECONDS,
        respawn_failed_workers=True,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_READ_MS, max_buffer_size=_MAX_HEAD_BYTES),
    )
    with counted_together():
        server.serve(target_loader=partial(_worker_app, settings, os.getpid()), wrap_loader=False)


def _check_rate_limits(settings: Settings, workers: int) -> None:
    if workers > 1 and not is_shared(settings.rate_limit_storage):
        raise StartupError(
            f"{workers} workers cannot count requests together in RATE_LIMIT_STORAGE=memory://, each would allow the "
            "whole limit; set it to the redis:// or valkey:// address of a server, or use --workers 1"
        )


def _raise_open_files() -> int:
    """As many open files as we may have, for the workers inherit it; the usual 1024 are used up by idle connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_OPEN_FILES)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):  # macOS has a lower limit that it does not tell
        return soft
    return most


def check_address(host: str, port: int) -> None:
    """Granian's own message for a taken port is a traceback in each worker."""
    _bind(host, port)


def _bind(host: str, port: int) -> int:
    """The port that could be listened on; it is free again."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            where = f"{host} port {port}" if port else host
            raise StartupError(
                f"cannot listen on {where}: {error.strerror}; choose another {'--port' if port else '--host'}"
            ) from None
        bound: int = probe.getsockname()[1]
        return bound


def _worker_app(settings: Settings, main_pid: int) -> Litestar:
    _tame_garbage_collector()
    return create_app(settings, lifespan=[partial(_stop_with_main_process, main_pid), _drained])


@asynccontextmanager
async def _drained(app: Litestar) -> AsyncIterator[None]:
    async with drained_on_sigterm(app.state.draining, app.state.settings.shutdown_drain_seconds):
        yield


def _tame_garbage_collector() -> None:
    """A batch makes tens of thousands of objects that are free of cycles and die together: look for cycles rarely,
    and never again through the modules that are loaded by now."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@asynccontextmanager
async def _stop_with_main_process(main_pid: int, _: Any) -> AsyncIterator[None]:
    """A worker whose main process was killed would go on serving the port for ever, with nobody to stop it."""

    async def watch() -> None:
        while os.getppid() == main_pid:  # noqa: ASYNC110 -- the kernel sends no event
            await asyncio.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
