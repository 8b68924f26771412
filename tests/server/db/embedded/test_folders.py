"""What the data folder must be, and what no start may change around it."""

import os
import stat
from pathlib import Path

import pytest

from tests.support.postgres import NO_FSYNC, NOBODY, as_root, ask_postgres
from tgl_server.db.embedded import DataFolderRefused, default_data_dir, embedded_postgres
from tgl_server.db.embedded.programs import find_programs


def modes(*tops: Path) -> dict[str, tuple[int, int, int]]:
    """Mode, owner and group of everything below the given folders and of every folder above them."""
    paths = {path for top in tops for path in [top, *top.parents, *top.rglob("*")]}
    found = {str(path): path.lstat() for path in paths if "__pycache__" not in path.parts}
    return {path: (entry.st_mode, entry.st_uid, entry.st_gid) for path, entry in found.items()}


@as_root
def test_root_keeps_its_data_outside_its_home() -> None:
    assert default_data_dir() == Path("/var/lib/thegitleague/postgresql")


def test_the_password_lies_in_a_file_and_a_folder_of_ours_alone(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC):
        control = data_dir / "control"
        assert stat.S_IMODE((control / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE((control / "postgresql.log").stat().st_mode) == 0o600
        assert {stat.S_IMODE(path.stat().st_mode) for path in (control, data_dir / "server")} == {0o700}
        assert {path.stat().st_uid for path in (control, control / "password")} == {os.geteuid()}


def test_no_mode_and_no_account_changes_anywhere_else(open_folder: Path) -> None:
    (open_folder / "closed").mkdir(mode=0o700)
    package = find_programs().home.parent
    before, accounts = modes(open_folder, package), Path("/etc/passwd").read_bytes()
    with embedded_postgres(open_folder / "closed" / "data", settings=NO_FSYNC) as server:
        assert ask_postgres(server, "select 1") == 1
        while_running = modes(open_folder, package)
    after = modes(open_folder, package)
    assert {path: while_running[path] for path in before} == before
    assert {path: after[path] for path in before} == before
    assert Path("/etc/passwd").read_bytes() == accounts


def test_an_existing_empty_folder_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "volume"
    folder.mkdir()
    folder.chmod(0o755)
    with embedded_postgres(folder, settings=NO_FSYNC) as server:
        assert ask_postgres(server, "select 1") == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_path_with_a_comma_works(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / 'a, b:c\'s "d"', settings=NO_FSYNC) as server:
        assert ask_postgres(server, "select 1") == 1


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
