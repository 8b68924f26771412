"""The server process: started, found again, stopped, and replaced when it was killed."""

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.support.disks import with_free_bytes
from tests.support.postgres import NO_FSYNC, as_root, ask_postgres, kill_postmaster, user_of
from tests.support.processes import is_pid_alive
from tests.support.waiting import wait_until
from tgl_server.db.embedded import CannotStart, EmbeddedPostgres, embedded_postgres

# With it PostgreSQL looks for a checkpoint that is not there, and its hint is about backups.
BACKUP_LABEL = """START WAL LOCATION: 7/2000028 (file 000000010000000700000002)
CHECKPOINT LOCATION: 7/2000060
BACKUP METHOD: streamed
BACKUP FROM: primary
START TIME: 2026-01-02 12:00:00 UTC
LABEL: a test
START TIMELINE: 1
"""


def test_a_killed_server_recovers_what_was_committed(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as first:
        ask_postgres(first, "create table committed as select 7 as n")
        kill_postmaster(first.postmaster_pid)
    with embedded_postgres(data_dir, settings=NO_FSYNC) as second:
        assert ask_postgres(second, "select n from committed") == 7
        ask_postgres(second, "drop table committed")


def test_a_killed_server_is_replaced_while_its_children_still_work(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as first:
        children = psutil.Process(first.postmaster_pid).children()
        children[0].suspend()
        kill_postmaster(first.postmaster_pid)
        with embedded_postgres(data_dir, settings=NO_FSYNC) as second:
            assert ask_postgres(second, "select 1") == 1
        assert not is_pid_alive(children[0].pid)


def test_a_server_that_is_stopping_is_replaced(data_dir: Path) -> None:
    """A smart shutdown, as systemd's SIGTERM asks for, waits for clients; we do not."""
    with asyncio.Runner() as runner, embedded_postgres(data_dir, settings=NO_FSYNC) as first:
        client = runner.run(asyncpg.connect(first.libpq_dsn))
        os.kill(first.postmaster_pid, signal.SIGTERM)
        pid_file = data_dir / "server" / "data" / "postmaster.pid"
        wait_until(lambda: "stopping" in pid_file.read_text())
        with embedded_postgres(data_dir, settings=NO_FSYNC) as second:
            assert second.postmaster_pid != first.postmaster_pid
            assert ask_postgres(second, "select 1") == 1
        client.terminate()


def test_a_process_id_given_to_somebody_else_is_no_server(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        pid_file = data_dir / "server" / "data" / "postmaster.pid"
        lock_file = server.socket_dir / ".s.PGSQL.5432.lock"
        left, locked = pid_file.read_text(), lock_file.read_text()
        owner = pid_file.stat().st_uid
        kill_postmaster(server.postmaster_pid)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=owner if os.geteuid() == 0 else None) as other:
        for path, content in ((pid_file, left), (lock_file, locked)):
            path.write_text(content.replace(str(server.postmaster_pid), str(other.pid), 1))
            os.chown(path, owner, owner) if os.geteuid() == 0 else None
        with embedded_postgres(data_dir, settings=NO_FSYNC) as second:
            assert ask_postgres(second, "select 1") == 1
        assert other.poll() is None


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, to give up a capability")
def test_root_in_a_container_finds_its_server_again(data_dir: Path) -> None:
    """Containers take the right to look into other accounts' processes from root."""
    contained = ["setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-all"]
    with user_of(data_dir, command=contained) as first:
        first.kill()
    with user_of(data_dir, command=contained) as second:
        assert second.postmaster_pid == first.postmaster_pid
        second.leave()
    assert not is_pid_alive(first.postmaster_pid)


def test_ctrl_c_in_the_users_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        with user_of(data_dir) as other:
            os.killpg(other.process.pid, signal.SIGINT)
            other.process.wait(timeout=60)
            assert other.process.returncode != 0
        assert os.getsid(server.postmaster_pid) not in (os.getsid(0), server.postmaster_pid, other.process.pid)
        assert ask_postgres(server, "select 1") == 1


def test_ctrl_c_stops_the_server_of_the_only_user(data_dir: Path) -> None:
    with user_of(data_dir) as only:
        os.killpg(only.process.pid, signal.SIGINT)
        only.process.wait(timeout=60)
    assert not is_pid_alive(only.postmaster_pid)


def test_a_long_log_makes_way(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        pass
    server.log_file.write_bytes(b"x" * 1_000_001)
    with embedded_postgres(data_dir, settings=NO_FSYNC):
        assert server.log_file.stat().st_size < 10_000
        assert server.log_file.with_name("postgresql.log.1").stat().st_size == 1_000_001


def test_a_server_that_does_not_start_says_why_in_its_own_words(data_dir: Path) -> None:
    with (
        pytest.raises(CannotStart, match=r'(?s)invalid value for parameter "shared_buffers".*postgresql\.log'),
        embedded_postgres(data_dir, settings={"shared_buffers": "plenty"}),
    ):
        pass
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        assert ask_postgres(server, "select 1") == 1


def test_a_server_that_does_not_start_on_a_full_disk_asks_for_room_and_not_for_a_backup(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir = open_folder / "postgresql"
    with embedded_postgres(data_dir, settings=NO_FSYNC):
        pass
    label = data_dir / "server" / "data" / "backup_label"
    label.write_text(BACKUP_LABEL)
    os.chown(label, label.parent.stat().st_uid, -1)
    with pytest.raises(CannotStart, match="from a backup"), embedded_postgres(data_dir, settings=NO_FSYNC):
        pass
    with_free_bytes(monkeypatch, 0)
    with pytest.raises(CannotStart) as told, embedded_postgres(data_dir, settings=NO_FSYNC):
        pass
    assert "is full. Make room there" in str(told.value).splitlines()[0]
    assert "from a backup" not in str(told.value)


def test_a_server_that_dies_is_started_again_where_it_is_to_be_kept_running(data_dir: Path) -> None:
    def answers(server: EmbeddedPostgres) -> bool:
        try:
            return bool(ask_postgres(server, "select n from surviving") == 7)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    with embedded_postgres(data_dir, settings=NO_FSYNC, keep_running=True) as server:
        ask_postgres(server, "create table surviving as select 7 as n")
        for _ in range(2):
            kill_postmaster(int((data_dir / "server" / "data" / "postmaster.pid").read_text().split()[0]))
            wait_until(lambda: answers(server))
        ask_postgres(server, "drop table surviving")
    assert not (data_dir / "server" / "data" / "postmaster.pid").exists()
