"""The folders of the embedded PostgreSQL, and the checks that they are ours.

    DATA/                  as the caller has it; made with mode 0700 where it is missing
        control/           0700, ours: what we write and the server never sees
            password  start.lock  users.lock  postgresql.log  socket-folder  new/
        server/            0700, the server's account
            data/          the database cluster
            run/           the socket, where its path is short enough

What root writes is in folders of root, so that a compromised server has no place for a symlink that root would follow.
Nothing here changes the mode or owner of a folder that it did not make.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tgl_server.db.embedded.account import Account
from tgl_server.db.embedded.errors import DataFolderRefused

# Root's folder for everything: the server's account could not reach into a home of mode 0700.
ROOTS_HOME = Path("/var/lib/thegitleague")

CHOOSE_ANOTHER = "Choose another folder for the embedded PostgreSQL."
_REMEDIES = {
    errno.EROFS: "Mount its file system so that it can be written. ",
    errno.ENOSPC: "Make room on its file system. ",
    errno.EDQUOT: "Make room on its file system. ",
}


def default_data_dir() -> Path:
    """The default data folder of this user; root's is not in root's home."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ROOTS_HOME / "postgresql"
    return platformdirs.user_data_path("thegitleague", appauthor=False) / "postgresql"


@dataclass(frozen=True)
class Folders:
    """The places below one data folder, which is absolute and free of symlinks."""

    data_dir: Path

    @property
    def control(self) -> Path:
        return self.data_dir / "control"

    @property
    def server(self) -> Path:
        return self.data_dir / "server"

    @property
    def cluster(self) -> Path:
        return self.server / "data"

    @property
    def run(self) -> Path:
        return self.server / "run"

    @property
    def password(self) -> Path:
        return self.control / "password"

    @property
    def start_lock(self) -> Path:
        return self.control / "start.lock"

    @property
    def users_lock(self) -> Path:
        return self.control / "users.lock"

    @property
    def log(self) -> Path:
        return self.control / "postgresql.log"

    @property
    def socket_note(self) -> Path:
        return self.control / "socket-folder"

    @property
    def staging(self) -> Path:
        return self.control / "new"


def open_folders(data_dir: Path, us: Account) -> Folders:
    """The folders below `data_dir`, made where they are missing; raises `DataFolderRefused` if they are not ours.

    A folder that exists may have any mode that keeps others from writing; it stays as it is.
    """
    with system_refusals(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders = Folders(data_dir.resolve())
        _refuse_foreign(folders, us)
        folders.control.mkdir(mode=0o700, exist_ok=True)
    require_private(folders.control, us)
    return folders


@contextmanager
def system_refusals(data_dir: Path) -> Iterator[None]:
    """Raises `DataFolderRefused` for whatever the operating system refuses in the block, such as a read-only mount."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        remedy = _REMEDIES.get(error.errno or 0, "")
        raise DataFolderRefused(
            f"The data folder {data_dir} cannot be used: {error.strerror or error}{where}. {remedy}{CHOOSE_ANOTHER}"
        ) from error


def make_private(folder: Path, account: Account) -> None:
    """Make a folder of mode 0700 for an account; raises `DataFolderRefused` for an existing one that differs."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        require_private(folder, account)
    else:
        account.own(folder)


def require_private(folder: Path, account: Account) -> None:
    """Raises `DataFolderRefused` for a folder that others could have made or can look into."""
    if not is_private(folder, account):
        raise DataFolderRefused(
            f"{folder} is not a folder of mode 0700 that belongs to user id {account.uid}, as we made it. "
            f"Put that right, or move it away. {CHOOSE_ANOTHER}"
        )


def is_private(folder: Path, account: Account) -> bool:
    """True for a real folder of the account that is closed to everybody else."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700


def own_tree(top: Path, account: Account) -> None:
    """Hand over a tree that another account wrote; follows no symlink and refuses a file with a second name."""
    for _, folders, files, descriptor in os.fwalk(top, follow_symlinks=False):
        for name in [*folders, *files]:
            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1:
                raise DataFolderRefused(f"{top} holds {name}, which is linked to a file elsewhere. Move {top} away.")
            os.chown(name, account.uid, account.gid, dir_fd=descriptor, follow_symlinks=False)
    account.own(top)


def _refuse_foreign(folders: Folders, us: Account) -> None:
    found = folders.data_dir.stat()
    if found.st_uid != us.uid:
        raise DataFolderRefused(
            f"The data folder {folders.data_dir} belongs to user id {found.st_uid}, and we run as {us.uid}. "
            f"Run as its owner. {CHOOSE_ANOTHER}"
        )
    if found.st_mode & 0o022:
        raise DataFolderRefused(
            f"Other users can write to the data folder {folders.data_dir}. "
            f"Remove that right (chmod go-w). {CHOOSE_ANOTHER}"
        )
    if not folders.control.exists() and any(folders.data_dir.iterdir()):
        raise DataFolderRefused(f"The data folder {folders.data_dir} holds other things already. {CHOOSE_ANOTHER}")
