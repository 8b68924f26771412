"""Several users of one data folder share one server, and the last one stops it."""

import subprocess
import sys
from pathlib import Path

from tests.support.postgres import NO_FSYNC, USER, ask_postgres, user_of
from tests.support.processes import is_pid_alive
from tgl_server.db.embedded import embedded_postgres

# A process that uses the server, and a forked worker that goes on when the parent has left.
FORKING_USER = """
import os, sys
from pathlib import Path
from tgl_server.db.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    worker = os.fork()
    if worker == 0:
        sys.stdin.read()
        os._exit(0)
print(server.postmaster_pid, flush=True)
os.waitpid(worker, 0)
"""


def test_two_processes_share_one_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    with user_of(data_dir) as first, user_of(data_dir) as second:
        assert first.postmaster_pid == second.postmaster_pid
        first.leave()
        assert is_pid_alive(second.postmaster_pid)
        second.leave()
        assert not is_pid_alive(second.postmaster_pid)


def test_users_that_come_at_once_start_one_server(data_dir: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    firsts = [process.stdout.readline() for process in processes if process.stdout]
    for process in processes:
        process.communicate(timeout=60)
    assert len(set(firsts)) == 1
    assert not is_pid_alive(int(firsts[0]))


def test_uses_in_one_process_share_too(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as outer:
        with embedded_postgres(data_dir, settings=NO_FSYNC) as inner:
            assert inner == outer
        assert ask_postgres(outer, "select 1") == 1
    assert not is_pid_alive(outer.postmaster_pid)


def test_a_killed_user_leaves_a_server_that_the_next_one_finds_and_stops(data_dir: Path) -> None:
    with user_of(data_dir) as first:
        first.kill()
    assert is_pid_alive(first.postmaster_pid)
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        assert server.postmaster_pid == first.postmaster_pid
        assert ask_postgres(server, "select 1") == 1
    assert not is_pid_alive(first.postmaster_pid)


def test_a_forked_worker_keeps_the_server(data_dir: Path) -> None:
    with user_of(data_dir, FORKING_USER) as parent:
        assert is_pid_alive(parent.postmaster_pid)
        parent.leave()
    assert is_pid_alive(parent.postmaster_pid)
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        assert server.postmaster_pid == parent.postmaster_pid
    assert not is_pid_alive(parent.postmaster_pid)
