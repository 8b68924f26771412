"""Fixtures of the tests of pushing."""

import pytest

from tests.support.world import World


@pytest.fixture
def path(world: World) -> str:
    """Where batches go."""
    return f"{world.sync_path}/commits"
