"""Making a database cluster once: initdb, our superuser with a random password, and our database."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from tgl_server.db.embedded.account import (
    Account,
    choose_initdb_account,
    choose_server_account,
    current_account,
    is_taken,
    run_as,
)
from tgl_server.db.embedded.errors import CannotInitialize, DataFolderRefused, OtherMajorVersion
from tgl_server.db.embedded.folders import Folders, make_private, own_tree, require_private
from tgl_server.db.embedded.programs import Programs, reachable_programs

SUPERUSER = "thegitleague"
DATABASE = "thegitleague"

INITDB_OPTIONS = [
    f"--username={SUPERUSER}",
    "--pwfile=../password",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    # Sorts by code point on every system, with upper and lower case by Unicode.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
]


def cluster_account(folders: Folders) -> Account:
    """The account that owns the cluster and runs its server; a newly chosen one without a cluster."""
    if not folders.cluster.exists():
        return choose_server_account()
    found = folders.server.stat()
    return Account(found.st_uid, found.st_gid)


def open_cluster(folders: Folders, account: Account, programs: Programs, settings: Mapping[str, str]) -> Account:
    """Make the cluster if there is none; returns the account that owns it, which may have had to change."""
    if not folders.cluster.exists():
        _initialize(folders, account, programs, without_sync=settings.get("fsync") == "off")
        return account
    _refuse_other_major(folders, programs)
    if not account.is_us and is_taken(account.uid):
        account = _move_to_new_account(folders)
    require_private(folders.server, account)
    return account


def read_password(folders: Folders) -> str:
    """The superuser's password, from a file that only we can read; raises `DataFolderRefused` without it."""
    try:
        return folders.password.read_text()
    except FileNotFoundError as error:
        raise DataFolderRefused(
            f"The password file {folders.password} is gone, and nothing else lets us into the database. "
            f"Put it back, or move {folders.data_dir} away to start with an empty database."
        ) from error


def _initialize(folders: Folders, account: Account, programs: Programs, *, without_sync: bool) -> None:
    """Build a cluster aside and move it in when finished: a kill -9 in between leaves nothing that looks like one."""
    borrowed = choose_initdb_account()
    programs = reachable_programs(programs, borrowed)
    password = _new_password(folders)
    shutil.rmtree(folders.staging, ignore_errors=True)
    cluster = folders.staging / "data"
    make_private(folders.staging, borrowed)
    make_private(cluster, borrowed)
    _write_private(folders.staging / "password", password, borrowed)
    _run_initdb(programs, borrowed, cluster, without_sync=without_sync)
    _create_database(programs, borrowed, cluster, without_sync=without_sync)
    if not account.is_us:
        own_tree(cluster, account)
    _make_server_folder(folders, account)
    cluster.rename(folders.cluster)
    shutil.rmtree(folders.staging)


def _make_server_folder(folders: Folders, account: Account) -> None:
    """Make the server's folder anew: one without a cluster is left from an interrupted start of any account."""
    if folders.server.exists():
        shutil.rmtree(folders.server)
    make_private(folders.server, account)


def _run_initdb(programs: Programs, account: Account, cluster: Path, *, without_sync: bool) -> None:
    sync = ["--no-sync"] if without_sync else []
    data = account.data_argument(cluster)
    done = run_as(account, [programs.initdb, f"--pgdata={data}", *INITDB_OPTIONS, *sync], cwd=cluster)
    if done.returncode != 0:
        raise CannotInitialize(
            f"initdb could not make a database cluster in {cluster}. It said:\n{done.stdout.strip()}\n"
            "Put that right, or set DATABASE_URL to use a PostgreSQL of your own."
        )


def _create_database(programs: Programs, account: Account, cluster: Path, *, without_sync: bool) -> None:
    """Create our database in single-user mode, which needs neither a server nor a password."""
    data = account.data_argument(cluster)
    options = ["-c", "exit_on_error=on", "-c", f"fsync={'off' if without_sync else 'on'}"]
    command: list[str | Path] = [programs.postgres, "--single", "-D", data, *options, "postgres"]
    done = run_as(account, command, cwd=cluster, stdin=f"CREATE DATABASE {DATABASE};\n")
    if done.returncode != 0:
        raise CannotInitialize(f"The database {DATABASE} could not be created. PostgreSQL said:\n{done.stdout.strip()}")


def _refuse_other_major(folders: Folders, programs: Programs) -> None:
    try:
        major = (folders.cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise DataFolderRefused(
            f"{folders.cluster} is no database cluster: {error}. Move {folders.data_dir} away to start afresh."
        ) from error
    if major != str(programs.major):
        raise OtherMajorVersion(
            f"The data in {folders.data_dir} was made by PostgreSQL {major}, and this installation brings "
            f"PostgreSQL {programs.major}. Dump it with the installation that made it (pg_dump) and restore it here "
            "into an empty data folder."
        )


def _move_to_new_account(folders: Folders) -> Account:
    """Give the cluster to another id, since the one that our server ran under now belongs to an account."""
    account = choose_server_account()
    own_tree(folders.server, account)
    return account


def _new_password(folders: Folders) -> str:
    password = secrets.token_urlsafe(24)
    new = folders.password.with_suffix(".new")
    new.unlink(missing_ok=True)
    _write_private(new, password, current_account())
    new.rename(folders.password)
    return password


def _write_private(path: Path, text: str, account: Account) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    account.own(path)
