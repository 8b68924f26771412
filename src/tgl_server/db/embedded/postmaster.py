"""The server process: found, started, waited for, stopped. Everything here happens under the start lock."""

import os
import re
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tgl_server.db.embedded.account import Account, run_as
from tgl_server.db.embedded.errors import CannotStart
from tgl_server.db.embedded.folders import Folders
from tgl_server.db.embedded.programs import Programs
from tgl_server.db.embedded.room import is_full
from tgl_server.db.embedded.sockets import PORT, SOCKET_NAME, clear_socket, server_socket_argument

# Settings that a caller may override.
DEFAULTS = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    # Enough for one server without replicas: COPY into a table made in the same transaction skips the write-ahead log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# Settings that a caller may not override: they decide who can connect.
GUARDED = frozenset(
    [
        *("config_file", "data_directory", "external_pid_file", "hba_file", "ident_file", "cluster_name"),
        *("listen_addresses", "port", "unix_socket_directories", "unix_socket_group", "unix_socket_permissions"),
        *("log_destination", "logging_collector"),
    ]
)

# The shell exits at once, so that the server is not our child: it outlives us, and never becomes our zombie.
LAUNCH = '"$@" >&2 & echo $!'

# Replaying the log after a crash takes the longest; a fast shutdown writes at most shared_buffers.
START_SECONDS = 300
STOP_SECONDS = 60
KILLED_SECONDS = 10

MAX_LOG_BYTES = 1_000_000
LOG_LINES_SHOWN = 15
# A hint in the log, with the lines that continue it.
_HINT = re.compile(r"[^\n]*HINT:[^\n]*(\n\t[^\n]*)*\n?")


def find_postmaster(folders: Folders) -> psutil.Process | None:
    """The running server of this cluster; None without one.

    The process id in its file may belong to another process by now: only a PostgreSQL that shows the cluster's mark
    counts, and no zombie.
    """
    with suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(_pid_file(folders)[0]))
        if _serves(process, folders):
            return process
    return None


def is_stopping(folders: Folders) -> bool:
    """True if the running server was told to stop, by a process that has left since."""
    return _status(folders) == "stopping"


def stop_postmaster(process: psutil.Process) -> None:
    """Stop the server by a fast shutdown, which cuts connections and writes everything; returns when it is gone.

    A server that takes too long is stopped at once, which is safe: it replays its log at the next start.
    """
    _signal(process, signal.SIGINT)
    if _wait(lambda: _is_gone(process), STOP_SECONDS):
        return
    _signal(process, signal.SIGQUIT)
    if not _wait(lambda: _is_gone(process), KILLED_SECONDS):
        raise CannotStart(f"PostgreSQL (process {process.pid}) does not stop. End it with: kill -KILL {process.pid}")


def start_postmaster(
    folders: Folders, account: Account, programs: Programs, socket_dir: Path, settings: Mapping[str, str]
) -> psutil.Process:
    """Start the server in a session of its own, so that Ctrl-C in our terminal does not reach it."""
    _clear_leftovers(folders, socket_dir)
    told = {**DEFAULTS, **settings, **_guarded_settings(folders, socket_dir)}
    options = [part for name, value in told.items() for part in ("-c", f"{name}={value}")]
    command: list[str | Path] = [programs.postgres, "-D", account.data_argument(folders.cluster), *options]
    log = _open_log(folders)
    try:
        launched = run_as(account, ["/bin/sh", "-c", LAUNCH, "sh", *command], cwd=folders.cluster, log=log)
    finally:
        os.close(log)
    try:
        return psutil.Process(int(launched.stdout))
    except (ValueError, psutil.NoSuchProcess) as error:
        raise _did_not_start(folders) from error


def wait_until_ready(process: psutil.Process, folders: Folders) -> None:
    """Wait until the server's own file says that it accepts connections; raises `CannotStart`."""
    if not _wait(lambda: _status(folders) == "ready" or _is_gone(process), START_SECONDS):
        raise CannotStart(f"PostgreSQL is not ready after {START_SECONDS} seconds. See its log: {folders.log}")
    if _is_gone(process):
        raise _did_not_start(folders)


def refuse_guarded(settings: Mapping[str, str]) -> None:
    """Raises `ValueError` for settings that would open the server to others or hide it from us."""
    refused = sorted(GUARDED & {name.lower() for name in settings})
    if refused:
        raise ValueError(f"These settings of the embedded PostgreSQL are fixed: {', '.join(refused)}. Leave them out.")


def _guarded_settings(folders: Folders, socket_dir: Path) -> dict[str, str]:
    return {
        "cluster_name": _mark(folders),
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": server_socket_argument(folders, socket_dir),
        "unix_socket_permissions": "0700",
        "log_destination": "stderr",
        "logging_collector": "off",
    }


def _clear_leftovers(folders: Folders, socket_dir: Path) -> None:
    """Clear what a server leaves behind after a kill -9.

    Its children may still work in the cluster; they are ended first. Then its files are removed: PostgreSQL refuses to
    start while the process id in them belongs to any process.
    """
    if _answers(socket_dir / SOCKET_NAME):
        raise CannotStart(
            f"A PostgreSQL that is no process of this machine uses {folders.data_dir}: in another container, perhaps. "
            "Stop it there, or choose another data folder."
        )
    children = [process for process in psutil.process_iter() if _serves(process, folders)]
    for process in children:
        _signal(process, signal.SIGKILL)
    if not _wait(lambda: all(_is_gone(process) for process in children), KILLED_SECONDS):
        raise CannotStart(f"Processes of an earlier PostgreSQL in {folders.cluster} do not end. Restart this machine.")
    clear_socket(socket_dir)
    (folders.cluster / "postmaster.pid").unlink(missing_ok=True)


def _mark(folders: Folders) -> str:
    """The mark that every process of this cluster's server has in its command line: the identity of its folder.

    Working folders would identify them too, but in a container root may not read those of another account.
    """
    found = folders.cluster.stat()
    return f"tgl-{found.st_dev:x}-{found.st_ino:x}"


def _serves(process: psutil.Process, folders: Folders) -> bool:
    mark = re.compile(rf"\b{_mark(folders)}(:|$)")
    try:
        return (
            process.name() == "postgres"
            and process.uids().real == folders.cluster.stat().st_uid
            and any(mark.search(part) for part in process.cmdline())
            and not _is_gone(process)
        )
    except psutil.Error:
        return False


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _signal(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _pid_file(folders: Folders) -> list[str]:
    return (folders.cluster / "postmaster.pid").read_text().splitlines()


def _status(folders: Folders) -> str:
    """The server's status from the eighth line of its file: `starting`, `ready`, `stopping`, or empty."""
    with suppress(FileNotFoundError, IndexError):
        return _pid_file(folders)[7].strip()
    return ""


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _open_log(folders: Folders) -> int:
    """The server's log, opened for appending; a long one is renamed first, and one earlier file is kept."""
    with suppress(FileNotFoundError):
        if folders.log.stat().st_size > MAX_LOG_BYTES:
            folders.log.rename(folders.log.with_suffix(".log.1"))
    return os.open(folders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _did_not_start(folders: Folders) -> CannotStart:
    with folders.log.open("rb") as log:
        log.seek(max(0, folders.log.stat().st_size - 8192))
        lines = log.read().decode(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    if is_full(folders.data_dir):
        # Its hints are about restored backups, which nobody needs who only makes room.
        text = _HINT.sub("", "\n".join(lines))
        first = f"PostgreSQL did not start: the disk of {folders.data_dir} is full. Make room there, and start again."
        return CannotStart(f"{first}\nIts last words:\n{text}\nThe whole log: {folders.log}")
    return CannotStart(
        "\n".join(["PostgreSQL did not start. Its last words:", *lines])
        + f"\nPut that right, or see the whole log: {folders.log}"
    )
