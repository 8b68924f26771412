"""What a batch took, phase by phase."""

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered
from tests.support.metrics import scrape, value
from tests.support.servers import RunningServer, new_client
from tests.support.waiting import until
from tests.support.world import World

PHASES = ("read", "decode", "look_up", "copy", "count", "commit")


async def test_each_phase_of_a_stored_batch_is_timed(api: Api, world: World) -> None:
    before = await scrape(api)
    await api.post(f"{world.sync_path}/commits", batch(*numbered(200)))
    after = await scrape(api)
    for phase in PHASES:
        count, seconds = "tgl_ingest_phase_seconds_count", "tgl_ingest_phase_seconds_sum"
        assert value(after, count, phase=phase) == value(before, count, phase=phase) + 1
        assert value(after, seconds, phase=phase) > value(before, seconds, phase=phase)


async def test_a_slow_batch_is_logged_with_the_time_of_each_phase(another_server: RunningServer, world: World) -> None:
    """Every batch is slow for this server."""
    async with Api(another_server.url, world.key) as api:
        await api.post(f"{world.sync_path}/commits", batch(commit()))
    repo_id = str(world.repo_id)
    (found,) = await until(lambda: another_server.logged_fields(event="slow_batch", repo_id=repo_id))
    assert found["ms"] == pytest.approx(sum(found[p] for p in PHASES), abs=0.1)


async def test_an_ordinary_batch_is_not_logged_as_slow(limited: Api, guarded: RunningServer, world: World) -> None:
    """None is slow for this server."""
    headers = {**new_client(), "X-Request-Id": "an-ordinary-batch"}
    assert (await limited.post(f"{world.sync_path}/commits", batch(commit()), headers=headers)).status == 201
    await guarded.logged("an-ordinary-batch")
    assert "slow_batch" not in guarded.log()
