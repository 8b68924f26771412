"""The embedded PostgreSQL: private, shared, found again; with real servers, processes and kill -9."""

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tgl_server.db import embedded
from tgl_server.db.embedded import (
    CannotStart,
    DataFolderRefused,
    EmbeddedPostgres,
    OtherMajorVersion,
    PlatformRefused,
    default_data_dir,
    embedded_postgres,
)
from tgl_server.db.embedded.account import Account, choose_server_account, run_as
from tgl_server.db.embedded.programs import Programs, find_programs, reachable_programs

FAST = {"fsync": "off"}
NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")

# A process that uses the server until its standard input is closed.
USER = """
import sys
from pathlib import Path
from tgl_server.db.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    print(server.postmaster_pid, flush=True)
    sys.stdin.read()
"""

# The same, and a forked worker that goes on when the parent has left.
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

# Tries the socket as nobody, once the interpreter has all it needs.
STRANGER = """
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
socket.socket(socket.AF_UNIX).connect(sys.argv[1])
"""


@dataclass
class User:
    """A process of its own that uses a server."""

    process: subprocess.Popen[str]
    postmaster_pid: int

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@contextmanager
def user_of(data_dir: Path, script: str = USER, command: Sequence[str] = ()) -> Iterator[User]:
    with subprocess.Popen(
        [*command, sys.executable, "-c", script, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield User(process, int(process.stdout.readline()))
        finally:
            if process.poll() is None:
                process.communicate(timeout=60)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ask(server: EmbeddedPostgres, query: str) -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(server.libpq_dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def kill_postmaster(server: EmbeddedPostgres) -> None:
    os.kill(server.postmaster_pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(server.postmaster_pid))


def modes(*tops: Path) -> dict[str, tuple[int, int, int]]:
    """Mode, owner and group of everything below the given folders and of every folder above them."""
    paths = {path for top in tops for path in [top, *top.parents, *top.rglob("*")]}
    found = {str(path): path.lstat() for path in paths if "__pycache__" not in path.parts}
    return {path: (entry.st_mode, entry.st_uid, entry.st_gid) for path, entry in found.items()}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the tests that leave it whole; as root its parents are closed to all others."""
    parent = tmp_path_factory.mktemp("closed", numbered=True)
    parent.chmod(0o700)
    return parent / "postgresql"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="tgl-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_url_serves_sqlalchemy(data_dir: Path) -> None:
    async def fetch(url: str) -> str:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            row = (await connection.execute(text("select current_user || '@' || current_database()"))).scalar_one()
        await engine.dispose()
        return str(row)

    with embedded_postgres(data_dir, settings=FAST) as server:
        assert asyncio.run(fetch(server.dsn)) == "thegitleague@thegitleague"


def test_the_other_url_serves_asyncpg_whatever_the_environment_says(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGOPTIONS", "-c no_such_setting=1")
    with embedded_postgres(data_dir, settings=FAST) as server:
        assert ask(server, "select 1") == 1


def test_the_password_shows_in_no_repr(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as server:
        password = (data_dir / "control" / "password").read_text()
        assert password in server.dsn
        assert password not in repr(server)


def test_the_cluster_has_checksums_unicode_and_no_network(data_dir: Path) -> None:
    with embedded_postgres(data_dir) as server:
        assert ask(server, "show data_checksums") == "on"
        assert ask(server, "show server_encoding") == "UTF8"
        assert ask(server, "show listen_addresses") == ""
        assert ask(server, "show fsync") == "on"
        assert ask(server, "select lower('ÄÖ')") == "äö"


def test_settings_win_over_the_defaults(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings={"fsync": "off", "max_connections": "17"}) as server:
        assert ask(server, "show max_connections") == "17"
        assert ask(server, "show fsync") == "off"


@pytest.mark.parametrize("name", ["listen_addresses", "HBA_file", "unix_socket_permissions", "port"])
def test_settings_cannot_open_the_server(data_dir: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name.lower()), embedded_postgres(data_dir, settings={name: "x"}):
        pass


def test_data_outlives_the_server(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as first:
        ask(first, "create table if not exists kept as select 42 as answer")
    assert not is_alive(first.postmaster_pid)
    with embedded_postgres(data_dir, settings=FAST) as second:
        assert ask(second, "select answer from kept") == 42


def test_the_password_lies_in_a_file_and_a_folder_of_ours_alone(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST):
        control = data_dir / "control"
        assert stat.S_IMODE((control / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE((control / "postgresql.log").stat().st_mode) == 0o600
        assert {stat.S_IMODE(path.stat().st_mode) for path in (control, data_dir / "server")} == {0o700}
        assert {path.stat().st_uid for path in (control, control / "password")} == {os.geteuid()}


def test_nobody_gets_in_without_the_password(data_dir: Path) -> None:
    async def knock(server: EmbeddedPostgres, user: str) -> None:
        connection = await asyncpg.connect(
            host=str(server.socket_dir), user=user, password="wrong", database="postgres"
        )
        await connection.close()

    with embedded_postgres(data_dir, settings=FAST) as server:
        for user in ("thegitleague", "postgres"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                asyncio.run(knock(server, user))


@as_root
def test_another_user_cannot_reach_the_socket(open_folder: Path) -> None:
    with embedded_postgres(open_folder / "data", settings=FAST) as server:
        path = server.socket_dir / ".s.PGSQL.5432"
        with socket.socket(socket.AF_UNIX) as ours:
            ours.connect(str(path))
        stranger = subprocess.run([sys.executable, "-c", STRANGER, path], capture_output=True, text=True, check=False)
        assert "PermissionError" in stranger.stderr


@as_root
def test_the_server_runs_under_an_id_that_belongs_to_nobody(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as server:
        uids = psutil.Process(server.postmaster_pid).uids()
        assert uids.real == uids.effective == uids.saved == (data_dir / "server").stat().st_uid
        assert uids.real in range(60706, 61184)


@as_root
def test_the_server_keeps_no_group_of_roots(data_dir: Path) -> None:
    with user_of(data_dir, "import os\nos.setgroups([4, 24])" + USER) as user:
        status = Path(f"/proc/{user.postmaster_pid}/status").read_text().splitlines()
        assert [line.split() for line in status if line.startswith("Groups:")] == [["Groups:"]]


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
    assert not is_alive(first.postmaster_pid)


def test_no_mode_and_no_account_changes_anywhere_else(open_folder: Path) -> None:
    (open_folder / "closed").mkdir(mode=0o700)
    package = find_programs().home.parent
    before, accounts = modes(open_folder, package), Path("/etc/passwd").read_bytes()
    with embedded_postgres(open_folder / "closed" / "data", settings=FAST) as server:
        assert ask(server, "select 1") == 1
        while_running = modes(open_folder, package)
    after = modes(open_folder, package)
    assert {path: while_running[path] for path in before} == before
    assert {path: after[path] for path in before} == before
    assert Path("/etc/passwd").read_bytes() == accounts


def test_an_existing_empty_folder_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "volume"
    folder.mkdir()
    folder.chmod(0o755)
    with embedded_postgres(folder, settings=FAST) as server:
        assert ask(server, "select 1") == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


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
def test_root_keeps_its_data_outside_its_home() -> None:
    assert default_data_dir() == Path("/var/lib/thegitleague/postgresql")


def test_two_processes_share_one_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    with user_of(data_dir) as first, user_of(data_dir) as second:
        assert first.postmaster_pid == second.postmaster_pid
        first.leave()
        assert is_alive(second.postmaster_pid)
        second.leave()
        assert not is_alive(second.postmaster_pid)


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
    assert not is_alive(int(firsts[0]))


def test_uses_in_one_process_share_too(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as outer:
        with embedded_postgres(data_dir, settings=FAST) as inner:
            assert inner == outer
        assert ask(outer, "select 1") == 1
    assert not is_alive(outer.postmaster_pid)


def test_a_killed_user_leaves_a_server_that_the_next_one_finds_and_stops(data_dir: Path) -> None:
    with user_of(data_dir) as first:
        first.kill()
    assert is_alive(first.postmaster_pid)
    with embedded_postgres(data_dir, settings=FAST) as server:
        assert server.postmaster_pid == first.postmaster_pid
        assert ask(server, "select 1") == 1
    assert not is_alive(first.postmaster_pid)


def test_a_killed_server_recovers_what_was_committed(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as first:
        ask(first, "create table committed as select 7 as n")
        kill_postmaster(first)
    with embedded_postgres(data_dir, settings=FAST) as second:
        assert ask(second, "select n from committed") == 7
        ask(second, "drop table committed")


def test_a_killed_server_is_replaced_while_its_children_still_work(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as first:
        children = psutil.Process(first.postmaster_pid).children()
        children[0].suspend()
        kill_postmaster(first)
        with embedded_postgres(data_dir, settings=FAST) as second:
            assert ask(second, "select 1") == 1
        assert not is_alive(children[0].pid)


def test_a_server_that_is_stopping_is_replaced(data_dir: Path) -> None:
    """A smart shutdown, as systemd's SIGTERM asks for, waits for clients; we do not."""
    with asyncio.Runner() as runner, embedded_postgres(data_dir, settings=FAST) as first:
        client = runner.run(asyncpg.connect(first.libpq_dsn))
        os.kill(first.postmaster_pid, signal.SIGTERM)
        pid_file = data_dir / "server" / "data" / "postmaster.pid"
        wait_for(lambda: "stopping" in pid_file.read_text())
        with embedded_postgres(data_dir, settings=FAST) as second:
            assert second.postmaster_pid != first.postmaster_pid
            assert ask(second, "select 1") == 1
        client.terminate()


def test_a_process_id_given_to_somebody_else_is_no_server(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as server:
        pid_file = data_dir / "server" / "data" / "postmaster.pid"
        lock_file = server.socket_dir / ".s.PGSQL.5432.lock"
        left, locked = pid_file.read_text(), lock_file.read_text()
        owner = pid_file.stat().st_uid
        kill_postmaster(server)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=owner if os.geteuid() == 0 else None) as other:
        for path, content in ((pid_file, left), (lock_file, locked)):
            path.write_text(content.replace(str(server.postmaster_pid), str(other.pid), 1))
            os.chown(path, owner, owner) if os.geteuid() == 0 else None
        with embedded_postgres(data_dir, settings=FAST) as second:
            assert ask(second, "select 1") == 1
        assert other.poll() is None


def test_ctrl_c_in_the_users_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as server:
        with user_of(data_dir) as other:
            os.killpg(other.process.pid, signal.SIGINT)
            other.process.wait(timeout=60)
            assert other.process.returncode != 0
        assert os.getsid(server.postmaster_pid) not in (os.getsid(0), server.postmaster_pid, other.process.pid)
        assert ask(server, "select 1") == 1


def test_ctrl_c_stops_the_server_of_the_only_user(data_dir: Path) -> None:
    with user_of(data_dir) as only:
        os.killpg(only.process.pid, signal.SIGINT)
        only.process.wait(timeout=60)
    assert not is_alive(only.postmaster_pid)


def test_a_forked_worker_keeps_the_server(data_dir: Path) -> None:
    with user_of(data_dir, FORKING_USER) as parent:
        assert is_alive(parent.postmaster_pid)
        parent.leave()
    assert is_alive(parent.postmaster_pid)
    with embedded_postgres(data_dir, settings=FAST) as server:
        assert server.postmaster_pid == parent.postmaster_pid
    assert not is_alive(parent.postmaster_pid)


@pytest.fixture(scope="module")
def deep_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose path leaves no room for a socket's name."""
    return tmp_path_factory.mktemp("deep") / ("d" * 90) / "postgresql"


def test_a_long_path_gets_a_short_private_socket_folder(deep_data_dir: Path) -> None:
    with embedded_postgres(deep_data_dir, settings=FAST) as server:
        assert ask(server, "select 1") == 1
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert deep_data_dir not in server.socket_dir.parents
        with embedded_postgres(deep_data_dir, settings=FAST) as shared:
            assert shared.socket_dir == server.socket_dir
    assert not server.socket_dir.exists()


def test_a_short_socket_folder_is_used_again_after_a_crash(deep_data_dir: Path) -> None:
    with user_of(deep_data_dir) as user:
        user.kill()
    note = deep_data_dir / "control" / "socket-folder"
    remembered = Path(note.read_text())
    os.kill(user.postmaster_pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(user.postmaster_pid))
    with embedded_postgres(deep_data_dir, settings=FAST) as server:
        assert server.socket_dir == remembered
        assert ask(server, "select 1") == 1


def test_a_squatted_socket_folder_is_left_alone(deep_data_dir: Path, open_folder: Path) -> None:
    with embedded_postgres(deep_data_dir, settings=FAST):
        pass
    (deep_data_dir / "control" / "socket-folder").write_text(str(open_folder))
    before = open_folder.stat()
    with embedded_postgres(deep_data_dir, settings=FAST) as server:
        assert server.socket_dir != open_folder
        assert ask(server, "select 1") == 1
    assert open_folder.stat() == before


def test_a_path_with_a_comma_works(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / 'a, b:c\'s "d"', settings=FAST) as server:
        assert ask(server, "select 1") == 1


def test_an_interrupted_first_start_is_made_good(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "control" / "new" / "data").mkdir(parents=True)
    (data_dir / "server" / "run").mkdir(parents=True)
    (data_dir / "control" / "new" / "data" / "PG_VERSION").write_text("18")
    data_dir.joinpath("control").chmod(0o700)
    with embedded_postgres(data_dir, settings=FAST) as server:
        assert ask(server, "select 1") == 1


def test_a_long_log_makes_way(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as server:
        pass
    server.log_file.write_bytes(b"x" * 1_000_001)
    with embedded_postgres(data_dir, settings=FAST):
        assert server.log_file.stat().st_size < 10_000
        assert server.log_file.with_name("postgresql.log.1").stat().st_size == 1_000_001


def test_a_server_that_does_not_start_says_why_in_its_own_words(data_dir: Path) -> None:
    with (
        pytest.raises(CannotStart, match=r'(?s)invalid value for parameter "shared_buffers".*postgresql\.log'),
        embedded_postgres(data_dir, settings={"shared_buffers": "plenty"}),
    ):
        pass
    with embedded_postgres(data_dir, settings=FAST) as server:
        assert ask(server, "select 1") == 1


def test_data_of_another_major_version_is_left_alone(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST):
        pass
    version = data_dir / "server" / "data" / "PG_VERSION"
    current = version.read_text()
    version.write_text("16\n")
    try:
        with pytest.raises(OtherMajorVersion, match=r"PostgreSQL 16.*pg_dump"), embedded_postgres(data_dir):
            pass
    finally:
        version.write_text(current)


def test_a_lost_password_is_said_so(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=FAST) as server:
        pass
    password = data_dir / "control" / "password"
    password.rename(data_dir / "control" / "hidden")
    try:
        with pytest.raises(DataFolderRefused, match="password"), embedded_postgres(data_dir, settings=FAST):
            pass
    finally:
        (data_dir / "control" / "hidden").rename(password)
    assert not is_alive(server.postmaster_pid)


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(DataFolderRefused, match="other things"), embedded_postgres(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(DataFolderRefused, match="chmod go-w"), embedded_postgres(tmp_path):
        pass
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o777


@as_root
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    with pytest.raises(DataFolderRefused, match="belongs to user id 65534"), embedded_postgres(tmp_path):
        pass


@as_root
def test_programs_out_of_reach_are_copied_once(tmp_path: Path, open_folder: Path) -> None:
    """The wheel in a home of mode 0700, as `uv` and `pyenv` put it for root."""
    package = find_programs().home.parent
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, hidden / name, ignore=shutil.ignore_patterns("include", "pginstall"))
    programs, account = Programs(hidden / package.name / "pginstall18", 18), choose_server_account()
    copied = reachable_programs(programs, account, copies=open_folder / "programs")
    assert copied.home.is_relative_to(open_folder)
    assert run_as(account, [copied.initdb, "--version"], cwd=Path("/")).stdout.startswith("initdb (PostgreSQL) 18")
    assert run_as(account, [copied.postgres, "--describe-config"], cwd=Path("/")).returncode == 0
    assert reachable_programs(programs, account, copies=open_folder / "programs") == copied
    assert len(list((open_folder / "programs").iterdir())) == 1


@as_root
def test_an_id_that_was_given_to_somebody_is_changed(data_dir: Path) -> None:
    """`games` stands for the account that was added later."""
    with embedded_postgres(data_dir, settings=FAST):
        pass
    embedded.folders.own_tree(data_dir / "server", Account(5, 60))
    with embedded_postgres(data_dir, settings=FAST) as server:
        assert psutil.Process(server.postmaster_pid).uids().real in range(60706, 61184)
        assert ask(server, "select 1") == 1


def test_windows_is_refused_in_a_sentence(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(PlatformRefused, match="DATABASE_URL"), embedded_postgres(data_dir):
        pass
