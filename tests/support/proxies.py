"""Real proxies before a real server, with the configuration of `deploy/`: only names, ports and files are ours."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.authority import make_authority
from tests.support.waiting import wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"

#: What runs around the site's configuration, and all that is needed of Debian's own.
_NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
        fastcgi_temp_path {folder}/a; uwsgi_temp_path {folder}/b; scgi_temp_path {folder}/c;
        include {folder}/site.conf; }}
"""


@dataclass(frozen=True)
class Proxy:
    """A running proxy: its two ports, and the file of the authority that its certificate comes from."""

    url: str
    plain_url: str
    authority: Path

    @property
    def trusting(self) -> ssl.SSLContext:
        """The context of a client that trusts the authority."""
        return ssl.create_default_context(cafile=self.authority)


@contextmanager
def nginx(*upstreams: int) -> Iterator[Proxy]:
    """nginx before the servers on these ports, each in its turn."""
    with _running(_nginx_command, *upstreams) as proxy:
        yield proxy


@contextmanager
def caddy(upstream: int) -> Iterator[Proxy]:
    """Caddy before a server on this port."""
    with _running(_caddy_command, upstream) as proxy:
        yield proxy


PROXIES: dict[str, Callable[[int], AbstractContextManager[Proxy]]] = {"nginx": nginx, "caddy": caddy}

_Command = Callable[..., list[str]]


@contextmanager
def _running(command: _Command, *upstreams: int) -> Iterator[Proxy]:
    folder = Path(tempfile.mkdtemp(prefix="tgl-proxy-"))
    try:
        authority, _ = make_authority(folder, "localhost")
        plain, secure = _free_port(), _free_port()
        with (folder / "log").open("wb") as log:
            home = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
            process = subprocess.Popen(command(folder, plain, secure, *upstreams), stdout=log, stderr=log, env=home)
        try:
            wait_until(lambda: process.poll() is not None or (_listens(plain) and _listens(secure)))
            assert process.poll() is None, (folder / "log").read_text()
            yield Proxy(f"https://localhost:{secure}", f"http://localhost:{plain}", authority)
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder)


def _nginx_command(folder: Path, plain: int, secure: int, *upstreams: int) -> list[str]:
    text = (DEPLOY / "nginx" / "thegitleague.conf").read_text()
    text = re.sub(r"/etc/letsencrypt/\S+(?=;)", str(folder / "server.pem"), text)
    servers = "".join(f"server 127.0.0.1:{upstream};" for upstream in upstreams)
    text = text.replace("server 127.0.0.1:8000;", servers).replace("league.example.com", "localhost")
    text = re.sub(r"\blisten \[::\].*\n", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace(
        "listen 443 ", f"listen 127.0.0.1:{secure} "
    )
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder))
    return [program("nginx", "nginx-light"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _caddy_command(folder: Path, plain: int, secure: int, upstream: int) -> list[str]:
    text = (DEPLOY / "caddy" / "Caddyfile").read_text()
    text = text.replace(
        "{$SITE:league.example.com} {",
        f"https://localhost:{secure} {{\n\tbind 127.0.0.1\n\ttls {folder}/server.pem {folder}/server.pem",
    )
    text = text.replace("{$UPSTREAM:127.0.0.1:8000}", f"127.0.0.1:{upstream}")
    # Else it waits, when it is stopped, for what a live page says next.
    options = f"{{\n\tgrace_period 1s\n\tadmin off\n\thttp_port {plain}\n\thttps_port {secure}\n"
    options += "\tdefault_bind 127.0.0.1\n}\n"
    (folder / "Caddyfile").write_text(options + text)
    return [program("caddy", "caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def connection_to(proxy: Proxy, of: str = "127.0.0.2") -> http.client.HTTPSConnection:
    """A connection from this address of the loopback network."""
    port = urlsplit(proxy.url).port
    return http.client.HTTPSConnection("localhost", port, timeout=60, context=proxy.trusting, source_address=(of, 0))


def program(name: str, package: str) -> str:
    """The path of a program of Debian's; skips without it, and fails where CI should have installed it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"CI needs {name}: apt-get install {package}")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
