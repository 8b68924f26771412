"""PostgreSQL that is stopped and started with its own `pg_ctl`, as an administrator or a failing machine would."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.embedded.account import current_account
from tgl_server.db.embedded.cluster import cluster_account
from tgl_server.db.embedded.folders import open_folders
from tgl_server.db.embedded.programs import find_programs


class StopMode(StrEnum):
    """`fast` rolls back and writes all before it goes; after `immediate` the log is replayed at the next start."""

    FAST = "fast"
    IMMEDIATE = "immediate"


class RestartedPostgres:
    """A running embedded PostgreSQL; `shared` is a folder that its account can enter."""

    def __init__(self, postgres: EmbeddedPostgres, shared: Path, environment: Mapping[str, str]) -> None:
        self._log_file = postgres.log_file
        self._folders = open_folders(postgres.data_dir, current_account())
        self._account = cluster_account(self._folders)
        self._environment = {"LC_ALL": "C", "PATH": os.defpath, **environment}
        # Of the wheel, which the account may not reach; the program needs nothing else of it.
        self._program = Path(shutil.copy(find_programs().home / "bin" / "pg_ctl", shared / "pg_ctl"))
        self._program.chmod(0o755)

    def stop(self, mode: StopMode) -> None:
        """Returns when it is gone."""
        self._run("stop", "--mode", mode)

    def start(self) -> None:
        """With the options of the last start; returns when it takes connections."""
        self._run("restart")

    def log(self) -> str:
        """All that it wrote, from its first start on."""
        files = [self._log_file.with_suffix(".log.1"), self._log_file]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def _run(self, *command: str) -> None:
        data, account = self._folders.cluster, self._account
        with self._log_file.open("ab") as log:
            done = subprocess.run(
                [self._program, "--pgdata", account.data_argument(data), "--wait", "--timeout", "120", *command],
                cwd=data,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
                user=None if account.is_us else account.uid,
                group=None if account.is_us else account.gid,
                extra_groups=None if account.is_us else [],
            )
        assert done.returncode == 0, f"pg_ctl {' '.join(command)} failed:\n{self.log()[-3000:]}"
