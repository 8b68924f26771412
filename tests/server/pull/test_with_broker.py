"""Workers that a broker wakes up, as real processes on a real Redis."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.broker import Broker, running_broker
from tests.support.database import count, rows, until_query
from tests.support.pulls import ask, running_worker
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

ALL_DONE = "SELECT count(*) FILTER (WHERE state = 'done') = :runs FROM sync_runs"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def brokered(settings: Settings, broker: Broker) -> Settings:
    """The settings of a worker that hears messages."""
    return msgspec.structs.replace(settings, broker_url=f"valkey://127.0.0.1:{broker.port}/1")


async def test_a_worker_with_a_beat_pulls_what_is_asked_for(
    database: Database, brokered: Settings, repo: RepoId
) -> None:
    await ask(database, repo)
    with running_worker(brokered, "--with-beat", "--children", "2"):
        await until_query(database, ALL_DONE, runs=1)
        (worker,) = await rows(database, "SELECT children, disk_free > 0, uses_broker FROM pull_workers")
    assert tuple(worker) == (2, True, True)
    assert (await count(database, "commits"), await count(database, "pull_workers")) == (3, 0)
