"""Which system account the server runs under."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from tests.support.postgres import NO_FSYNC, NOBODY, USER, as_root, ask_postgres, user_of
from tgl_server.db import embedded
from tgl_server.db.embedded import embedded_postgres
from tgl_server.db.embedded.account import Account

# An ordinary user: everything is imported before root's rights are given up, as the interpreter may be in root's home.
ORDINARY_USER = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from tgl_server.db.embedded import default_data_dir, embedded_postgres
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
async def ask(dsn):
    connection = await asyncpg.connect(dsn)
    print(await connection.fetchval("select current_user"))
    await connection.close()
with embedded_postgres(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    asyncio.run(ask(server.libpq_dsn))
    print(os.stat(f"/proc/{server.postmaster_pid}").st_uid == os.geteuid())
print(default_data_dir())
"""


@as_root
def test_the_server_runs_under_an_id_that_belongs_to_nobody(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        uids = psutil.Process(server.postmaster_pid).uids()
        assert uids.real == uids.effective == uids.saved == (data_dir / "server").stat().st_uid
        assert uids.real in range(60706, 61184)


@as_root
def test_the_server_keeps_no_group_of_roots(data_dir: Path) -> None:
    with user_of(data_dir, "import os\nos.setgroups([4, 24])" + USER) as user:
        status = Path(f"/proc/{user.postmaster_pid}/status").read_text().splitlines()
        assert [line.split() for line in status if line.startswith("Groups:")] == [["Groups:"]]


def test_an_ordinary_user_runs_it_as_itself(open_folder: Path) -> None:
    folder = open_folder / "nobody"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    done = subprocess.run(
        [sys.executable, "-c", ORDINARY_USER, folder / "data"],
        env={"HOME": "/home/somebody"},
        capture_output=True,
        text=True,
        check=False,
    )
    expected = ["thegitleague", "True", "/home/somebody/.local/share/thegitleague/postgresql"]
    assert done.stdout.splitlines() == expected, done.stderr


@as_root
def test_an_id_that_was_given_to_somebody_is_changed(data_dir: Path) -> None:
    """`games` stands for the account that was added later."""
    with embedded_postgres(data_dir, settings=NO_FSYNC):
        pass
    embedded.folders.own_tree(data_dir / "server", Account(5, 60))
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        assert psutil.Process(server.postmaster_pid).uids().real in range(60706, 61184)
        assert ask_postgres(server, "select 1") == 1
