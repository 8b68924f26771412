"""Data folders of the embedded PostgreSQL."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
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
