"""A forge on loopback: bare repositories in a folder, served by `git http-backend` over HTTP or HTTPS.

What a hostile forge does, a test puts into `intercept`.
"""

import base64
import gzip
import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, Any

from tests.support.authority import make_authority
from tests.support.histories import git

#: The forge's names in its certificate; no DNS knows them.
NAMES = ("forge.test", "*.forge.test")


class Handler(BaseHTTPRequestHandler):
    """One request, answered by `git http-backend`."""

    protocol_version = "HTTP/1.1"
    forge: "Forge"
    wants_objects = False

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        """The list of requests is all that is kept."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> bool:
        """A whole answer; true, as an `intercept` is."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return True

    def _answer(self) -> None:
        forge = self.forge
        self._read = body = self._body()
        if self.headers.get("Content-Encoding") == "gzip":
            self.wants_objects = b"command=fetch" in gzip.decompress(body)
        else:
            self.wants_objects = b"command=fetch" in body
        forge.requests.append(f"{self.command} {self.path}")
        if forge.token is not None and self.headers.get("Authorization") != _basic(forge.user, forge.token):
            self.answer(401, WWW_Authenticate='Basic realm="forge"')
        elif forge.intercept is None or not forge.intercept(self):
            self.answer_by_git()

    def answer_by_git(self) -> bool:
        """The answer of a forge that behaves."""
        self._backend(self._read)
        return True

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _backend(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.forge.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        command = ["git", "http-backend"]
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin
            assert process.stdout
            Thread(target=_feed, args=(process.stdin, body), daemon=True).start()
            self._pass_on(process.stdout)

    def _pass_on(self, answered: IO[bytes]) -> None:
        status, headers = 200, []
        while line := answered.readline().strip():
            name, _, value = line.decode().partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.begin()
        while piece := answered.read1(65536):  # type: ignore[attr-defined]
            self.send(piece)
        self.send(b"")

    def begin(self) -> None:
        """End the headers of an answer that comes in pieces."""
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, piece: bytes) -> None:
        """A piece of an answer; an empty one ends it."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))


class Forge:
    """The running forge; `token` is what it wants from `user`, None for nothing."""

    def __init__(self, root: Path, url: str, ca_file: Path | None) -> None:
        self.root = root
        self.url = url
        self.ca_file = ca_file
        self.port = int(url.rpartition(":")[2])
        self.user = "reader"
        self.token: str | None = None
        self.requests: list[str] = []
        #: True when it has answered the request itself.
        self.intercept: Callable[[Handler], bool] | None = None

    def add(self, source: Path, name: str = "app") -> str:
        """Serve a copy of a repository; its URL."""
        bare = self.root / f"{name}.git"
        git(self.root, "clone", "-q", "--bare", str(source), str(bare))
        return f"{self.url}/{name}.git"

    def update(self, source: Path, name: str = "app") -> None:
        """Push everything that the repository has, also what was rewritten or deleted."""
        git(source, "push", "-q", "--mirror", str(self.root / f"{name}.git"))


@contextmanager
def running_forge(folder: Path, *, tls: bool = True) -> Iterator[Forge]:
    """A forge over HTTPS with an authority of its own, or over HTTP."""
    root = folder / "repositories"
    root.mkdir(parents=True)
    ca_file, context = make_authority(folder / "tls", *NAMES) if tls else (None, None)
    with _serving(context) as server:
        forge = Forge(root, f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", ca_file)
        server.RequestHandlerClass.forge = forge  # type: ignore[attr-defined]
        yield forge


@contextmanager
def _serving(context: ssl.SSLContext | None) -> Iterator[ThreadingHTTPServer]:
    handler = type("OwnHandler", (Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    if context is not None:
        # The handshake is the handler's, lest a client that says nothing keeps all others waiting.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """Clients that leave are what the tests are about."""


def _feed(stdin: IO[bytes], body: bytes) -> None:
    try:
        stdin.write(body)
        stdin.close()
    except (OSError, ValueError):  # git has ended, and with it the pipe
        pass


def _basic(user: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()
