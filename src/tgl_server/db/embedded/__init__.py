"""A real PostgreSQL from a wheel, for those who have none: one server for each data folder, shared by its users.

`docs/decisions/embedded-postgresql.md` gives the reasons. Only the names in `__all__` are for other packages.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from tgl_server.db.embedded.account import ENVIRONMENT, current_account
from tgl_server.db.embedded.cluster import DATABASE, SUPERUSER, cluster_account, open_cluster, read_password
from tgl_server.db.embedded.errors import (
    CannotInitialize,
    CannotStart,
    DataFolderRefused,
    EmbeddedPostgresError,
    NoRoom,
    OtherMajorVersion,
    PlatformRefused,
    ProgramsUnusable,
)
from tgl_server.db.embedded.folders import Folders, default_data_dir, open_folders, system_refusals
from tgl_server.db.embedded.locks import join_users, leave_users, start_lock
from tgl_server.db.embedded.postmaster import (
    find_postmaster,
    is_stopping,
    refuse_guarded,
    start_postmaster,
    stop_postmaster,
    wait_until_ready,
)
from tgl_server.db.embedded.programs import find_programs, reachable_programs
from tgl_server.db.embedded.room import LEAST_ROOM_BYTES, check_room, free_bytes
from tgl_server.db.embedded.sockets import PORT, choose_socket_dir, discard_socket_dir, known_socket_dir
from tgl_server.db.embedded.watch import watched

__all__ = [
    "LEAST_ROOM_BYTES",
    "CannotInitialize",
    "CannotStart",
    "DataFolderRefused",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "NoRoom",
    "OtherMajorVersion",
    "PlatformRefused",
    "ProgramsUnusable",
    "check_room",
    "default_data_dir",
    "embedded_postgres",
    "find_programs",
    "free_bytes",
]

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running embedded server; its password shows only in the two URLs."""

    data_dir: Path
    socket_dir: Path
    log_file: Path
    postmaster_pid: int
    password: str = field(repr=False)

    @property
    def dsn(self) -> str:
        """The database's URL for SQLAlchemy with asyncpg."""
        return self.libpq_dsn.replace("postgresql://", "postgresql+asyncpg://", 1)

    @property
    def libpq_environment(self) -> dict[str, str]:
        """The variables with which PostgreSQL's own programs find the database; the password is among them."""
        where = {"PGHOST": str(self.socket_dir), "PGPORT": str(PORT), "PGDATABASE": DATABASE}
        return {**ENVIRONMENT, **where, "PGUSER": SUPERUSER, "PGPASSWORD": self.password}

    @property
    def libpq_dsn(self) -> str:
        """The database's URL for asyncpg itself, psql and everything else that reads libpq's URLs."""
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql://{SUPERUSER}:{quote(self.password)}@/{DATABASE}?host={host}&port={PORT}"


@contextmanager
def embedded_postgres(
    data_dir: Path, *, settings: Mapping[str, str] = NO_SETTINGS, keep_running: bool = False
) -> Iterator[EmbeddedPostgres]:
    """The server of this data folder, started unless it runs; who leaves last stops it.

    With `keep_running` one that dies is started again as long as the block lasts.

    A process killed on the way counts as gone: the server runs on, and the next user finds it and takes over.
    `settings` are PostgreSQL's own (`fsync=off` for tests); who joins a running server takes those it has.
    """
    _refuse_platform()
    refuse_guarded(settings)
    folders = open_folders(data_dir, current_account())
    with system_refusals(data_dir):
        seat = join_users(folders.users_lock)
    try:
        with system_refusals(data_dir), start_lock(folders.start_lock):
            server = _ensure_running(folders, settings)
        with _kept(folders, settings) if keep_running else nullcontext():
            yield server
    finally:
        with system_refusals(data_dir), start_lock(folders.start_lock):
            if leave_users(folders.users_lock, seat):
                _stop(folders)


def _kept(folders: Folders, settings: Mapping[str, str]) -> AbstractContextManager[None]:
    """Start a server that died; of several users who notice that, the first to get the lock starts it."""

    def start() -> None:
        with system_refusals(folders.data_dir), start_lock(folders.start_lock):
            _ensure_running(folders, settings)

    return watched(lambda: find_postmaster(folders) is not None, start)


def _refuse_platform() -> None:
    if sys.platform == "win32":
        raise PlatformRefused("The embedded PostgreSQL does not run on Windows. Use WSL, or a container.")
    if os.geteuid() == 0 and sys.platform != "linux":
        raise PlatformRefused(
            "The embedded PostgreSQL runs as root on Linux only. Run tgl-server as an ordinary user, "
            "or set DATABASE_URL."
        )


def _ensure_running(folders: Folders, settings: Mapping[str, str]) -> EmbeddedPostgres:
    account = cluster_account(folders)
    process = find_postmaster(folders)
    if process is not None and is_stopping(folders):
        stop_postmaster(process)
        process = None
    if process is not None:
        socket_dir = known_socket_dir(folders, account)
    else:
        programs = reachable_programs(find_programs(), account)
        account = open_cluster(folders, account, programs, settings)
        socket_dir = choose_socket_dir(folders, account)
        process = start_postmaster(folders, account, programs, socket_dir, settings)
    wait_until_ready(process, folders)
    return EmbeddedPostgres(folders.data_dir, socket_dir, folders.log, process.pid, read_password(folders))


def _stop(folders: Folders) -> None:
    process = find_postmaster(folders)
    if process is not None:
        stop_postmaster(process)
    if folders.server.exists():
        discard_socket_dir(folders, cluster_account(folders))
