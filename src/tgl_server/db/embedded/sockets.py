"""The folder of the server's socket: mode 0700, the server's own, with a path that fits into a socket address."""

import os
import re
import sys
import tempfile
from pathlib import Path

from tgl_server.db.embedded.account import Account, run_as
from tgl_server.db.embedded.errors import CannotStart
from tgl_server.db.embedded.folders import Folders, is_private, make_private

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"

# sockaddr_un holds 108 bytes on Linux and 104 on macOS and the BSDs, one of them for the closing NUL.
LONGEST = 107 if sys.platform == "linux" else 103

# asyncpg splits a host at commas, SQLAlchemy at colons, and PostgreSQL's list of folders at quotes.
_PLAIN = re.compile(r"[^,:\"']+")


def server_socket_argument(folders: Folders, socket_dir: Path) -> str:
    """The socket's folder as the server is told it: relative to its data, which works wherever root keeps that."""
    return "../run" if socket_dir == folders.run else str(socket_dir)


def known_socket_dir(folders: Folders, account: Account) -> Path:
    """The folder of the running server's socket."""
    return _remembered(folders, account) or folders.run


def choose_socket_dir(folders: Folders, account: Account) -> Path:
    """The socket's folder for a server about to start; one outside the data folder is remembered in that."""
    if _fits(folders.run):
        make_private(folders.run, account)
        folders.socket_note.unlink(missing_ok=True)
        return folders.run
    remembered = _remembered(folders, account)
    if remembered is not None:
        return remembered
    fresh = _fresh(folders, account)
    folders.socket_note.write_bytes(os.fsencode(fresh))
    return fresh


def clear_socket(socket_dir: Path) -> None:
    """Remove a killed server's socket and lock file, which stops a new server while the old process id is in use."""
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (socket_dir / name).unlink(missing_ok=True)


def discard_socket_dir(folders: Folders, account: Account) -> None:
    """Remove the socket's folder if it is outside the data folder."""
    remembered = _remembered(folders, account)
    if remembered is not None:
        clear_socket(remembered)
        remembered.rmdir()
    folders.socket_note.unlink(missing_ok=True)


def _remembered(folders: Folders, account: Account) -> Path | None:
    """The folder chosen earlier, if it is still ours: temporary folders are cleaned, and others can take the name."""
    try:
        noted = Path(os.fsdecode(folders.socket_note.read_bytes()))
    except FileNotFoundError:
        return None
    return noted if is_private(noted, account) else None


def _fresh(folders: Folders, account: Account) -> Path:
    parents = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]  # noqa: S108 - mkdtemp inside
    for parent in parents:
        folder = _usable(parent, account)
        if folder is not None:
            return folder
    raise CannotStart(
        f"The path of {folders.run} is too long for a socket (at most {LONGEST} bytes), and no shorter place was "
        "found in the temporary folder. Choose a shorter data folder, or set TMPDIR to one that everybody can enter."
    )


def _usable(parent: str, account: Account) -> Path | None:
    """A new folder below `parent` that the account can reach; None if that cannot be."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="tgl-", dir=parent)) if Path(parent).is_absolute() else None
    except OSError:
        return None
    if folder is None:
        return None
    account.own(folder)
    reached = run_as(account, ["/bin/sh", "-c", 'test -w "$1" -a -x "$1"', "sh", folder], cwd=Path("/"))
    if _fits(folder) and reached.returncode == 0:
        return folder
    folder.rmdir()
    return None


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST and _PLAIN.fullmatch(str(folder)) is not None
