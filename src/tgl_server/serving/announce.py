"""The announcement that the server listens, made once it does."""

import socket
import threading
import time
from collections.abc import Sequence

import typer

_SECONDS = 60
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where a server that listens everywhere is asked


def url_of(host: str, port: int, *, is_tls: bool = False) -> str:
    """The server's URL, with an IPv6 host in brackets."""
    return f"{'https' if is_tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def announce(host: str, port: int, url: str, more: Sequence[str]) -> None:
    """Return at once; print the URL and `more` lines on standard error when the port is open."""
    threading.Thread(target=_announce, args=[host, port, url, more], daemon=True).start()


def _announce(host: str, port: int, url: str, more: Sequence[str]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not _is_open(_EVERYWHERE.get(host, host), port):
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)
    for line in (f"Listening on {url}", *more):
        typer.echo(line, err=True)


def _is_open(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
