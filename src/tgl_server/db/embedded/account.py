"""Which user id runs PostgreSQL, and running programs under it.

An ordinary user runs it as itself. PostgreSQL refuses to run as root, so root runs it under an id that belongs to no
account: the server needs no entry in the user database, and none is added. Only `initdb` needs an entry, and borrows
that of an account without processes for the second it takes.
"""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tgl_server.db.embedded.errors import CannotInitialize, CannotStart, EmbeddedPostgresError

if sys.platform != "win32":
    import grp
    import pwd

# systemd's documentation (Users, Groups, UIDs and GIDs) lists these ids as unused: above adduser's range, below that of
# systemd's dynamic users, and inside the 65,536 ids that a container has.
OWN_IDS = range(60706, 61184)

# Ids of system accounts; the account `nobody` is used only where all of these are busy or absent.
SYSTEM_IDS = range(1, 1000)
NOBODY = 65534

# PostgreSQL's messages in English, and nothing from our environment that it would read (PGDATA, LD_PRELOAD, ...).
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}


@dataclass(frozen=True)
class Account:
    """A user and group id to run programs under."""

    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """True for the account of this process: no rights have to be given up."""
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        """Hand one file or folder of ours over to this account; a symlink itself, never its target."""
        if self.is_us:
            return
        try:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        except OSError as error:
            raise CannotInitialize(
                f"{path} cannot be handed over to user id {self.uid}, under which PostgreSQL runs for root: {error}. "
                "Choose a data folder on a local disk, run tgl-server as an ordinary user, or set DATABASE_URL."
            ) from error

    def data_argument(self, folder: Path) -> str:
        """The data folder as a program that is started inside `folder` is told it.

        Root's folders may lie where this account cannot go (below a home with mode 0700). A working folder stays
        usable all the same, so the programs start inside it and refer to it as their own. "." would not do: PostgreSQL
        makes it an absolute path first.
        """
        return str(folder) if self.is_us else "/proc/self/cwd"


def current_account() -> Account:
    """The account of this process."""
    return Account(os.geteuid(), os.getegid())


def choose_server_account() -> Account:
    """The account to run the server under: our own, or for root an id that no account, group or process has."""
    if os.geteuid() != 0:
        return current_account()
    busy = _uids_of_processes()
    for uid in random.sample(OWN_IDS, len(OWN_IDS)):
        if uid not in busy and not is_taken(uid):
            return Account(uid, uid)
    raise CannotInitialize(
        f"Every user id from {OWN_IDS.start} to {OWN_IDS.stop - 1} is taken, and PostgreSQL does not run as root. "
        "Run tgl-server as an ordinary user, or set DATABASE_URL."
    )


def is_taken(uid: int) -> bool:
    """True for an id that the system's user or group database knows."""
    return _is_user(uid) or _is_group(uid)


def choose_initdb_account() -> Account:
    """The account to run `initdb` under: our own, or for root one without processes that could reach the cluster."""
    if os.geteuid() != 0:
        return current_account()
    busy = _uids_of_processes()
    entries = [entry for entry in pwd.getpwall() if entry.pw_uid in SYSTEM_IDS or entry.pw_uid == NOBODY]
    for entry in sorted(entries, key=lambda entry: (entry.pw_uid == NOBODY, entry.pw_uid)):
        if entry.pw_uid not in busy:
            return Account(entry.pw_uid, entry.pw_gid)
    raise CannotInitialize(
        "initdb does not run as root, and no unused system account was found for it. "
        "Run tgl-server as an ordinary user, or set DATABASE_URL."
    )


def run_as(
    account: Account, command: Sequence[str | Path], *, cwd: Path, stdin: str = "", log: int = subprocess.STDOUT
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end in a session of its own; it enters its working folder before it gives up rights.

    `log` is the descriptor that its standard error goes to, by default the output that is returned.
    """
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            errors="replace",
            env=ENVIRONMENT,
            start_new_session=True,
            check=False,
            user=None if account.is_us else account.uid,
            group=None if account.is_us else account.gid,
            extra_groups=None if account.is_us else [],
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _cannot_run(account, command[0], error) from error


def _cannot_run(account: Account, program: str | Path, error: Exception) -> EmbeddedPostgresError:
    return CannotStart(
        f"{program} cannot be run as user id {account.uid}: {error}. "
        "Run tgl-server as an ordinary user, or set DATABASE_URL."
    )


def _uids_of_processes() -> set[int]:
    return {process.info["uids"].real for process in psutil.process_iter(["uids"]) if process.info["uids"]}


def _is_user(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _is_group(gid: int) -> bool:
    try:
        grp.getgrgid(gid)
    except KeyError:
        return False
    return True
