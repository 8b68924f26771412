"""A real PgBouncer in transaction mode in front of the tests' PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.embedded.cluster import DATABASE, SUPERUSER
from tgl_server.db.embedded.sockets import PORT

#: Fewer than the servers of the tests ask for, so that every one of them serves everybody.
SERVER_CONNECTIONS = 3

_CONFIGURATION = """
[databases]
* = host={socket_dir} port={server_port} user={user} password={password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


@contextmanager
def pgbouncer(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A running PgBouncer; its URL, without `pgbouncer=true`."""
    program = _program()
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file, tempfile.NamedTemporaryFile() as log:
        port = _free_port()
        file.write(_configuration(postgres, port))
        file.flush()
        process = subprocess.Popen([*_as_not_root(postgres), program, file.name], stderr=log, stdout=log)
        try:
            _wait_until_listening(process, port, Path(log.name))
            yield f"postgresql://{SUPERUSER}@127.0.0.1:{port}/{DATABASE}"
        finally:
            process.terminate()
            process.wait(30)


def _program() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI needs pgbouncer: apt-get install pgbouncer")
    if found is None:
        pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")
    return found


def _as_not_root(postgres: EmbeddedPostgres) -> list[str]:
    """Run PgBouncer, which refuses to run as root, as the account that may use the socket."""
    if os.geteuid() != 0:
        return []
    owner = postgres.socket_dir.stat()
    ids = [f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    return ["setpriv", *ids, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


def _configuration(postgres: EmbeddedPostgres, port: int) -> str:
    return _CONFIGURATION.format(
        socket_dir=postgres.socket_dir,
        server_port=PORT,
        user=SUPERUSER,
        password=postgres.password,
        port=port,
        connections=SERVER_CONNECTIONS,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    def accepts() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(lambda: process.poll() is not None or accepts())
    assert process.poll() is None, f"PgBouncer did not start:\n{log.read_text()}"
