"""The secret that a development server makes for itself."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tgl_server.cli.secret_key import kept_secret
from tgl_server.errors import StartupError
from tgl_server.settings import MIN_SECRET_LENGTH


def secret_file(data_dir: Path) -> Path:
    return data_dir / "control" / "secret_key"


def test_it_is_made_once_and_found_again(tmp_path: Path) -> None:
    made = kept_secret(tmp_path / "data")
    assert len(made) >= MIN_SECRET_LENGTH
    assert kept_secret(tmp_path / "data") == made
    assert kept_secret(tmp_path / "other") != made


def test_only_we_can_read_it(tmp_path: Path) -> None:
    kept_secret(tmp_path / "data")
    path = secret_file(tmp_path / "data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_those_who_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: kept_secret(tmp_path / "data"), range(64)))
    assert len(found) == 1


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    kept_secret(tmp_path)
    secret_file(tmp_path).chmod(0o644)
    with pytest.raises(StartupError, match="0600"):
        kept_secret(tmp_path)


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    secret_file(tmp_path).parent.mkdir()
    (tmp_path / "theirs").write_text("chosen by somebody else\n")
    (tmp_path / "theirs").chmod(0o600)
    secret_file(tmp_path).symlink_to(tmp_path / "theirs")
    with pytest.raises(StartupError, match="SECRET_KEY"):
        kept_secret(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    kept_secret(tmp_path)
    secret_file(tmp_path).write_text("\n")
    with pytest.raises(StartupError, match="empty"):
        kept_secret(tmp_path)


def test_a_folder_that_cannot_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="set SECRET_KEY"):
        kept_secret(tmp_path / "file")
