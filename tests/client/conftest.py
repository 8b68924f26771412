"""Fixtures of the client's tests: a server that can fail, a user's settings, and no file of the real user's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.faulty import FaultyServer, faulty_server
from tests.support.servers import RunningServer
from tests.support.world import World


@pytest.fixture(autouse=True)
def _only_our_files(tgl_home: Path) -> None:
    """Every test of the client has a place of its own for them."""


@pytest.fixture
def settings(server: RunningServer, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a user who pushes to the world's repository."""
    for name, value in world.environment(server.url).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyServer]:
    """A server that fails where told."""
    async with faulty_server() as server:
        yield server
