"""Where the socket is: a short path in a private folder."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postgres import NO_FSYNC, as_root, ask_postgres, kill_postmaster, user_of
from tgl_server.db.embedded import embedded_postgres

# Tries the socket as nobody, once the interpreter has all it needs.
STRANGER = """
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
socket.socket(socket.AF_UNIX).connect(sys.argv[1])
"""


@pytest.fixture(scope="module")
def deep_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose path leaves no room for a socket's name."""
    return tmp_path_factory.mktemp("deep") / ("d" * 90) / "postgresql"


@as_root
def test_another_user_cannot_reach_the_socket(open_folder: Path) -> None:
    with embedded_postgres(open_folder / "data", settings=NO_FSYNC) as server:
        path = server.socket_dir / ".s.PGSQL.5432"
        with socket.socket(socket.AF_UNIX) as ours:
            ours.connect(str(path))
        stranger = subprocess.run([sys.executable, "-c", STRANGER, path], capture_output=True, text=True, check=False)
        assert "PermissionError" in stranger.stderr


def test_a_long_path_gets_a_short_private_socket_folder(deep_data_dir: Path) -> None:
    with embedded_postgres(deep_data_dir, settings=NO_FSYNC) as server:
        assert ask_postgres(server, "select 1") == 1
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert deep_data_dir not in server.socket_dir.parents
        with embedded_postgres(deep_data_dir, settings=NO_FSYNC) as shared:
            assert shared.socket_dir == server.socket_dir
    assert not server.socket_dir.exists()


def test_a_short_socket_folder_is_used_again_after_a_crash(deep_data_dir: Path) -> None:
    with user_of(deep_data_dir) as user:
        user.kill()
    note = deep_data_dir / "control" / "socket-folder"
    remembered = Path(note.read_text())
    kill_postmaster(user.postmaster_pid)
    with embedded_postgres(deep_data_dir, settings=NO_FSYNC) as server:
        assert server.socket_dir == remembered
        assert ask_postgres(server, "select 1") == 1


def test_a_squatted_socket_folder_is_left_alone(deep_data_dir: Path, open_folder: Path) -> None:
    with embedded_postgres(deep_data_dir, settings=NO_FSYNC):
        pass
    (deep_data_dir / "control" / "socket-folder").write_text(str(open_folder))
    before = open_folder.stat()
    with embedded_postgres(deep_data_dir, settings=NO_FSYNC) as server:
        assert server.socket_dir != open_folder
        assert ask_postgres(server, "select 1") == 1
    assert open_folder.stat() == before
