"""A real streaming standby of the tests' PostgreSQL."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import FAST_POSTGRES
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres, find_programs
from tgl_server.db.embedded.account import Account, current_account
from tgl_server.db.embedded.folders import Folders, make_private, open_folders, own_tree
from tgl_server.db.embedded.sockets import SOCKET_NAME


@contextmanager
def standby_of(primary: EmbeddedPostgres, data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A standby that follows the primary by streaming, with the same accounts and databases."""
    folders = open_folders(data_dir, current_account())
    found = Folders(primary.data_dir).server.stat()
    account = Account(found.st_uid, found.st_gid)
    shutil.copy(Folders(primary.data_dir).password, folders.password)
    make_private(folders.server, account)
    _copy_cluster(primary, folders.cluster)
    _reach(primary, folders, account)
    own_tree(folders.cluster, account)
    with embedded_postgres(data_dir, settings=FAST_POSTGRES) as standby:
        yield standby


def _copy_cluster(primary: EmbeddedPostgres, target: Path) -> None:
    """`-R` makes it a standby that follows the server that it was copied from."""
    command: list[str | Path] = [find_programs().bin / "pg_basebackup", "-D", target, "-R", "-c", "fast", "--no-sync"]
    done = subprocess.run(command, env=primary.libpq_environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _reach(primary: EmbeddedPostgres, folders: Folders, account: Account) -> None:
    """Give the standby a second name of the primary's socket: root's folders are closed to its account."""
    reachable = folders.server / "primary"
    make_private(reachable, account)
    (reachable / SOCKET_NAME).hardlink_to(primary.socket_dir / SOCKET_NAME)
    configuration = folders.cluster / "postgresql.auto.conf"
    text = configuration.read_text()
    assert str(primary.socket_dir) in text
    configuration.write_text(text.replace(str(primary.socket_dir), "/proc/self/cwd/../primary"))
