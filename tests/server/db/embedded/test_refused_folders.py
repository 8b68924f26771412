"""A data folder with a cluster in it that can no longer be written: one sentence, and no traceback."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.command import TGL_SERVER, Done, tgl_server
from tests.support.refusals import refusing

# Below a mount namespace of its own, so that nothing is left mounted.
_READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that was used."""
    folder = tmp_path_factory.mktemp("used") / "data"
    assert tgl_server("migrate", DATA_DIR=str(folder)).code == 0
    return folder


def _is_a_sentence(done: Done, folder: Path) -> bool:
    return done.code == 1 and done.err.startswith(f"error: The data folder {folder}") and done.err.count("\n") == 1


def test_a_read_only_mount_is_a_sentence(made: Path) -> None:
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", _READ_ONLY, "sh", str(made), *TGL_SERVER, "migrate"],
        env={**os.environ, "DATA_DIR": str(made)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert _is_a_sentence(Done(done.returncode, done.stdout, done.stderr), made), done.stderr
    assert "Read-only file system" in done.stderr
    assert "Mount its file system so that it can be written" in done.stderr


CASES = [(place, errno.EROFS) for place in ("control/users.lock", "control/start.lock", "control/postgresql.log")]
CASES += [("control/users.lock", number) for number in (errno.ENOSPC, errno.EACCES)]


@pytest.mark.parametrize(("place", "number"), CASES)
def test_whatever_the_system_refuses_is_a_sentence(tmp_path: Path, made: Path, place: str, number: int) -> None:
    refused = refusing(tmp_path / "site", "open", number, made / place)
    done = tgl_server("migrate", DATA_DIR=str(made), **refused)
    assert _is_a_sentence(done, made), done.err
    assert os.strerror(number) in done.err
