"""The embedded PostgreSQL of the tests, and processes of their own that use one."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from tests.support.processes import is_pid_alive
from tests.support.waiting import wait_until
from tgl_server.db.embedded import EmbeddedPostgres

# Tests lose nothing in a power cut. And one of them has a standby.
FAST_POSTGRES = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "wal_level": "replica",
    "max_wal_senders": "4",
}

# The embedded server as users have it, but for this.
NO_FSYNC = {"fsync": "off"}

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
NOBODY = 65534

# A process that uses the server until its standard input is closed.
USER = """
import sys
from pathlib import Path
from tests.support.processes import is_pid_alive
from tgl_server.db.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    print(server.postmaster_pid, flush=True)
    sys.stdin.read()
"""


@dataclass
class User:
    """A process of its own that uses a server."""

    process: subprocess.Popen[str]
    postmaster_pid: int

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@contextmanager
def user_of(data_dir: Path, script: str = USER, command: Sequence[str] = ()) -> Iterator[User]:
    with subprocess.Popen(
        [*command, sys.executable, "-c", script, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield User(process, int(process.stdout.readline()))
        finally:
            if process.poll() is None:
                process.communicate(timeout=60)


def kill_postmaster(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_pid_alive(pid))


def ask_postgres(server: EmbeddedPostgres, query: str) -> object:
    """The query's one value, over a connection that no pool of ours has made."""

    async def fetch() -> object:
        connection = await asyncpg.connect(server.libpq_dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetch())
