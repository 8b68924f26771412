"""A cluster that was left half made, is of another version, or has lost its password."""

from pathlib import Path

import pytest

from tests.support.postgres import NO_FSYNC, ask_postgres
from tests.support.processes import is_pid_alive
from tgl_server.db.embedded import DataFolderRefused, OtherMajorVersion, embedded_postgres


def test_an_interrupted_first_start_is_made_good(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "control" / "new" / "data").mkdir(parents=True)
    (data_dir / "server" / "run").mkdir(parents=True)
    (data_dir / "control" / "new" / "data" / "PG_VERSION").write_text("18")
    data_dir.joinpath("control").chmod(0o700)
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        assert ask_postgres(server, "select 1") == 1


def test_data_of_another_major_version_is_left_alone(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC):
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
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        pass
    password = data_dir / "control" / "password"
    password.rename(data_dir / "control" / "hidden")
    try:
        with pytest.raises(DataFolderRefused, match="password"), embedded_postgres(data_dir, settings=NO_FSYNC):
            pass
    finally:
        (data_dir / "control" / "hidden").rename(password)
    assert not is_pid_alive(server.postmaster_pid)
