"""Fixtures of the client's tests: a server that can fail, a small repository, and no file of the real user's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.faulty import FaultyServer, faulty_server
from tests.client.histories import make_repository


@pytest.fixture(autouse=True)
def tgl_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private place for login, locks and reports; no setting comes from outside."""
    for name in ("TGL_URL", "TGL_API_KEY", "TGL_PROJECT", "TGL_REPO", "TGL_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TGL_HOME", str(tmp_path / "tgl"))
    return tmp_path / "tgl"


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyServer]:
    """A server that fails where told."""
    async with faulty_server() as server:
        yield server


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits on one branch."""
    return make_repository(tmp_path / "work", 3)
